"""Pictures in, pictures out: files nobody vouched for become sRGB arrays, and arrays become files to deliver.

``load`` opens only the formats of ``FORMATS``, judges size from the header before a pixel is decoded, and
raises nothing but ``BadImage``; the code says which of these it was:

===================  ========================================================================
code                 what was found
===================  ========================================================================
``not_found``        no file at this path
``not_a_file``       a directory, pipe or device
``unreadable``       the system refused to read it (permissions, disk)
``empty_file``       zero bytes
``file_too_big``     more bytes than ``max_bytes``
``not_an_image``     the content is none of ``FORMATS``, whatever the name says
``too_many_pixels``  the header announces more than ``max_pixels``; nothing was decoded
``too_small``        a side shorter than ``min_side``
``unsupported``      the right format, but a variant that cannot be decoded
``truncated``        the file ends early
``corrupt``          the content contradicts its format
``invisible``        every pixel is fully transparent
``mask_size``        a mask whose proportions are not its picture's (``fit_mask``)
``mask_empty``       a mask or transparency without a solid pixel (``segmentation.segment``)
``no_product``       nothing stands out from the background (``segmentation.segment``)
===================  ========================================================================

Not covered: damage that a decoder cannot notice (grey stripes inside a complete JPEG), PNG gamma chunks,
HDR gain maps, and frames or pages after the first.
"""

from __future__ import annotations

import io
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageCms

from editcore.bad_images import FORMATS, BadImage, BadInput, as_bad_image
from editcore.pixels import Pixels, lies_on_its_side, quiet, to_pixels

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "BadImage",
    "BadInput",
    "Delivery",
    "Found",
    "Picture",
    "encode",
    "fit_mask",
    "inspect",
    "load",
    "load_mask",
    "save_png",
    "srgb_profile",
]

MAX_PIXELS = 100_000_000
MAX_BYTES = 256 * 1024**2
MIN_SIDE = 16
Made = TypeVar("Made")


class Found(NamedTuple):
    """What a file is, without its pixels."""

    width: int
    height: int
    """Pixels, upright."""
    format: str
    """One of ``FORMATS``."""


@dataclass(frozen=True)
class Picture:
    """A decoded, upright picture in sRGB."""

    rgb: np.ndarray
    """(H, W, 3) uint8 sRGB; transparent pixels are shown on white."""
    alpha: np.ndarray | None
    """(H, W) uint8, 255 = opaque; None when the file has no transparency or is opaque everywhere."""
    format: str
    """One of ``FORMATS``."""
    stored_size: tuple[int, int]
    """(width, height) the header announced (before EXIF orientation, except for TIFF)."""
    notes: tuple[str, ...] = ()
    """What was done to arrive here, in words (orientation, colour conversion, first frame)."""

    @property
    def width(self) -> int:
        return self.rgb.shape[1]

    @property
    def height(self) -> int:
        return self.rgb.shape[0]


def load(
    source: bytes | str | os.PathLike[str],
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    min_side: int = MIN_SIDE,
) -> Picture:
    """Decode a still picture from bytes or a local path.

    Raises ``BadImage`` for everything that can be wrong with it, and nothing else.
    """
    data = source if isinstance(source, bytes) else _read(Path(source), max_bytes)
    return _judged(data, max_bytes, lambda: _decode(data, max_pixels, min_side))


def inspect(
    data: bytes, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES, min_side: int = MIN_SIDE
) -> Found:
    """What ``load`` would make of ``data``, at a fraction of its cost where the file is a JPEG: all of it is read and
    its entropy code undone, but of each block of 8 x 8 pixels only the mean is made. Raises as ``load``."""
    return _judged(data, max_bytes, lambda: _inspect(data, max_pixels, min_side))


def _judged(data: bytes, max_bytes: int, work: Callable[[], Made]) -> Made:
    """``work`` on ``data``; whatever is wrong with it becomes ``BadImage``."""
    if not data:
        raise BadImage("empty_file", "The file has no content (0 bytes). Upload it again.")
    _check_bytes(len(data), max_bytes)
    try:
        with quiet():
            return work()
    except BadImage:
        raise
    except Exception as error:  # a decoder fed with hostile bytes may raise anything at all
        raise as_bad_image(error, data) from error


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadImage("not_a_file", f"{path.name!r} is not a regular file; name a picture file.")
        _check_bytes(status.st_size, max_bytes)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadImage("not_found", f"There is no file {path.name!r} in {str(path.parent)!r}.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, BadImage):
            raise
        raise BadImage("unreadable", f"{path.name!r} cannot be read: {reason}.") from error


def _check_bytes(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise BadImage(
            "file_too_big",
            f"The file has {size / 1e6:.0f} MB; at most {max_bytes / 1e6:.0f} MB are read. Make it smaller.",
        )


def _inspect(data: bytes, max_pixels: int, min_side: int) -> Found:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.format == "JPEG":
            width, height = _check_size(image, max_pixels, min_side)
            image.draft("L" if image.mode == "RGB" else image.mode, (width // 8, height // 8))
            image.load()
            return Found(height, width, "JPEG") if lies_on_its_side(image) else Found(width, height, "JPEG")
    picture = _decode(data, max_pixels, min_side)
    return Found(picture.width, picture.height, picture.format)


def _decode(data: bytes, max_pixels: int, min_side: int) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = _check_size(image, max_pixels, min_side)
        # A phone's JPEG with an extra depth map or preview calls itself MPO; its first frame is the photo.
        format_ = "JPEG" if image.format == "MPO" else str(image.format)
        pixels: Pixels = to_pixels(image)
    if pixels.alpha is not None and not pixels.alpha.any():
        raise BadImage("invisible", "Every pixel is fully transparent; there is nothing to see.")
    return Picture(pixels.rgb, pixels.alpha, format_, (width, height), pixels.notes)


def _check_size(image: Image.Image, max_pixels: int, min_side: int) -> tuple[int, int]:
    """Width and height that the header announces, if they are neither too large nor too small."""
    width, height = image.size
    if width * height > max_pixels:
        raise BadImage(
            "too_many_pixels",
            f"The header announces {width} x {height} = {width * height / 1e6:.0f} megapixels; "
            f"at most {max_pixels / 1e6:.0f} are decoded. Export it smaller.",
        )
    if min(width, height) < min_side:
        raise BadImage(
            "too_small",
            f"The picture has {width} x {height} pixels; at least {min_side} a side are needed.",
        )
    return width, height


def fit_mask(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A (h, w) uint8 mask brought to (height, width) when it has the same proportions (within 1 %).

    Raises ``BadImage("mask_size")`` otherwise: stretching would put the mask beside the product.
    """
    h, w = mask.shape
    if (h, w) == (height, width):
        return mask
    if abs(w * height - h * width) > 0.01 * max(w * height, h * width):
        raise BadImage(
            "mask_size",
            f"The mask has {w} x {h} pixels, its picture {width} x {height}; draw it on this picture.",
        )
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.BICUBIC))


def load_mask(source: bytes | str | os.PathLike[str], height: int, width: int) -> np.ndarray:
    """A customer's mask, (height, width) uint8: its transparency if it has any, else its brightness.

    White (or opaque) = product. Raises ``BadImage``.
    """
    picture = load(source, min_side=1)
    mask = (
        picture.alpha if picture.alpha is not None else np.asarray(Image.fromarray(picture.rgb).convert("L"))
    )
    return fit_mask(mask, height, width)


Delivery = Literal["JPEG", "PNG", "WEBP"]


def encode(picture: Picture | np.ndarray, format: Delivery = "JPEG", quality: int = 92) -> bytes:
    """A file to deliver, with an sRGB profile: JPEG 4:4:4, PNG (lossless) or WebP.

    ``picture`` is a ``Picture`` (its alpha is kept by PNG and WebP), or (H, W, 3) or (H, W) uint8.
    ``quality`` 1-100 applies to JPEG and WebP. The same input gives the same bytes.
    """
    array = picture.rgb if isinstance(picture, Picture) else picture
    if isinstance(picture, Picture) and picture.alpha is not None and format != "JPEG":
        array = np.dstack([array, picture.alpha])
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise ValueError(f"expected (H, W) or (H, W, 3) uint8, got {array.shape} {array.dtype}")
    profile = srgb_profile() if array.ndim == 3 else None
    options: dict[str, dict[str, object]] = {
        "JPEG": {"quality": quality, "subsampling": 0, "optimize": True},
        "PNG": {"compress_level": 6},
        "WEBP": {"quality": quality, "method": 4, "use_sharp_yuv": True},
    }
    if format not in options:
        raise ValueError(f"format is {format!r}; expected one of {', '.join(options)}")
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(array))
    image.save(buffer, format=format, icc_profile=profile, **options[format])
    return buffer.getvalue()


def save_png(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write (H, W, 3) sRGB or (H, W) grey uint8 as PNG."""
    Path(path).write_bytes(encode(array, "PNG"))


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """The sRGB ICC profile of delivered files; its date is fixed, so that equal pictures are equal files."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2025, 1, 1, 0, 0, 0)
    return bytes(profile)
