"""From whatever a decoder yields to upright 8-bit sRGB: depth, palettes, alpha, CMYK, ICC, orientation."""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

_ORIENTATION_TAG = 0x0112
_PHOTOMETRIC_TAG = 262
_TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}
"""EXIF orientation -> (quarter turns counter-clockwise, mirror left-right afterwards)."""
_ICC_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}


@dataclass(frozen=True)
class Pixels:
    """(H, W, 3) uint8 sRGB on white, (H, W) uint8 alpha or None, and what was done in words."""

    rgb: np.ndarray
    alpha: np.ndarray | None
    notes: tuple[str, ...]


def to_pixels(image: Image.Image) -> Pixels:
    """Decode the first frame of an opened image. Pillow's own exceptions pass through."""
    notes = _frame_notes(image)
    image.load()
    alpha = _alpha(image)
    rgb = _to_srgb(image, notes)
    rgb, alpha = _upright(image, rgb, alpha, notes)
    if alpha is not None and alpha.min() == 255:
        alpha = None
    if alpha is not None:
        rgb = _on_white(rgb, alpha)
        notes.append("transparent pixels shown on white")
    return Pixels(np.ascontiguousarray(rgb), alpha, tuple(notes))


def _frame_notes(image: Image.Image) -> list[str]:
    try:
        several = bool(getattr(image, "is_animated", False))
    except Exception:  # damage after the first frame does not concern us
        several = False
    if not several or image.format == "MPO":
        return []
    return [f"first {'page' if image.format == 'TIFF' else 'frame'} of several"]


def _alpha(image: Image.Image) -> np.ndarray | None:
    """The straight alpha channel, (H, W) uint8: a band, a palette's or a transparent colour."""
    if not image.has_transparency_data or image.mode.startswith("I"):
        return None
    return np.asarray(image.convert("RGBA").getchannel("A"))


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    a = alpha[..., None].astype(np.uint16)
    return ((rgb * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)


def _to_srgb(image: Image.Image, notes: list[str]) -> np.ndarray:
    if image.mode.startswith("I") or image.mode == "F":
        grey = _deep_grey(image, notes)
        return np.repeat(grey[..., None], 3, axis=2)
    opaque = _without_alpha(image)
    converted = _by_profile(opaque, image.info.get("icc_profile"), notes)
    if converted is None and opaque.mode == "CMYK":
        notes.append("CMYK without a usable profile: colours are approximate")
    if converted is None and opaque.mode == "LAB":
        converted = _lab_to_srgb(opaque)
    if converted is None:
        converted = opaque if opaque.mode == "RGB" else opaque.convert("RGB")
    return np.asarray(converted)


def _without_alpha(image: Image.Image) -> Image.Image:
    """The same colours in RGB, L, CMYK or LAB."""
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image
    if image.mode in ("1", "LA"):
        return image.convert("L")
    if image.mode == "La":
        return image.convert("LA").convert("L")
    # Through RGBA: Pillow blends nothing there, and palettes and premultiplied pixels come out straight.
    return image.convert("RGBA").convert("RGB")


def _deep_grey(image: Image.Image, notes: list[str]) -> np.ndarray:
    """16-bit, 32-bit and floating-point grey to 8 bits; white is the smallest usual one that fits."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0.0, neginf=0.0).clip(min=0)
    top = float(values.max())
    if image.mode.startswith("I;16"):
        white = 65535.0
    elif image.mode == "F" and top <= 1:
        white = 1.0
    else:
        white = next((w for w in (255.0, 65535.0) if top <= w), top)
    grey = np.rint(values / white * 255).astype(np.uint8)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC_TAG) == 0:  # "white is zero"; Pillow inverts 8 bits only
        grey = 255 - grey
    notes.append("deep grey reduced to 8 bits")
    return grey


def _by_profile(image: Image.Image, icc: bytes | None, notes: list[str]) -> Image.Image | None:
    """Through the embedded ICC profile to sRGB; None when there is none to apply.

    Relative colorimetric with black-point compensation, as usual for product photographs.
    """
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        name = ImageCms.getProfileDescription(profile).strip()
        if image.mode == "RGB" and name.startswith(("sRGB IEC61966", "sRGB built-in")):
            return None
        if profile.profile.xcolor_space != _ICC_SPACES[image.mode]:
            notes.append(f"colour profile {name!r} is not for this picture's channels: ignored")
            return None
        converted = ImageCms.profileToProfile(
            image,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("embedded colour profile unreadable: ignored")
        return None
    notes.append(f"converted from {name!r} to sRGB")
    return converted


def _lab_to_srgb(image: Image.Image) -> Image.Image | None:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")


def lies_on_its_side(image: Image.Image) -> bool:
    """Whether turning an opened image upright makes its width its height."""
    return _TURNS.get(_orientation(image, []), (0, False))[0] % 2 == 1


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # EXIF is a format of its own, with damage of its own
        notes.append("EXIF unreadable: orientation not applied")
        return 1


def _upright(
    image: Image.Image, rgb: np.ndarray, alpha: np.ndarray | None, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    orientation = _orientation(image, notes)
    if orientation not in _TURNS:
        return rgb, alpha
    notes.append(f"turned upright (EXIF orientation {orientation})")
    return _turn(rgb, orientation), None if alpha is None else _turn(alpha, orientation)


def _turn(array: np.ndarray, orientation: int) -> np.ndarray:
    turns, mirror = _TURNS[orientation]
    array = np.rot90(array, turns)
    return np.ascontiguousarray(array[:, ::-1] if mirror else array)


class _Quiet:
    """``warnings.catch_warnings`` shared by all threads decoding just now (alone it is not thread-safe)."""

    def __init__(self) -> None:
        self._lock, self._inside, self._context = threading.Lock(), 0, warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._context = warnings.catch_warnings()
                self._context.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._context.__exit__(None, None, None)


_QUIET = _Quiet()


def quiet() -> _Quiet:
    """Silence decoder warnings inside a ``with`` block, from any number of threads."""
    return _QUIET
