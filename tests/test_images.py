"""Every awkward file a customer can send, made here, and what becomes of it."""

from __future__ import annotations

import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from editcore.images import (
    BadImage,
    BadInput,
    Found,
    Picture,
    encode,
    fit_mask,
    inspect,
    load,
    load_mask,
    save_png,
)

PATCHES = ((255, 0, 0), (0, 160, 0), (20, 40, 220), (250, 250, 250))


def chart(width: int = 48, height: int = 32) -> Image.Image:
    """Four flat colours, one per quadrant: no two orientations look alike."""
    array = np.zeros((height, width, 3), np.uint8)
    halves = [(y, x) for y in (slice(0, height // 2), slice(height // 2, None)) for x in (0, 1)]
    for (rows, right), colour in zip(halves, PATCHES, strict=True):
        array[rows, width // 2 * right : width // 2 * (right + 1)] = colour
    return Image.fromarray(array)


def file(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def png_announcing(width: int, height: int) -> bytes:
    """A few bytes on disk that claim any size: a decompression bomb's header."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(b"\0" * 64)
    chunk = lambda b: struct.pack(">I", len(b) - 4) + b + struct.pack(">I", zlib.crc32(b))  # noqa: E731
    return b"\x89PNG\r\n\x1a\n" + chunk(body) + chunk(idat) + chunk(b"IEND")


def code_of(source: bytes | str | Path, **limits: int) -> str:
    with pytest.raises(BadImage) as caught:
        load(source, **limits)
    assert len(caught.value.message) > 20
    return caught.value.code


@pytest.mark.parametrize(
    ("format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95, "subsampling": 0}, 4),
        ("JPEG", {"quality": 95, "progressive": True, "subsampling": 0}, 4),
        ("GIF", {}, 0),
    ],
)
def test_formats_decode_to_the_same_picture(format: str, options: dict[str, object], tolerance: int) -> None:
    picture = load(file(chart(), format, **options))
    assert picture.format == format
    assert picture.stored_size == (48, 32) and (picture.width, picture.height) == (48, 32)
    assert picture.alpha is None and picture.rgb.dtype == np.uint8
    assert np.abs(picture.rgb.astype(int) - np.asarray(chart())).max() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(orientation: int, format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file(chart(), format, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(load(data).rgb, expected)
    assert load(data).rgb.shape[:2] == ((48, 32) if orientation >= 5 else (32, 48))


def test_broken_exif_costs_the_orientation_not_the_picture() -> None:
    data = file(chart(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    assert np.array_equal(load(data).rgb, np.asarray(chart()))


def test_alpha_is_kept_and_shown_on_white() -> None:
    array = np.dstack([np.asarray(chart()), np.full((32, 48), 255, np.uint8)])
    array[:, :10, 3] = 0
    array[:, 10:20, 3] = 128
    for format in ("PNG", "TIFF"):
        picture = load(file(Image.fromarray(array), format))
        assert picture.alpha is not None and np.array_equal(picture.alpha, array[..., 3])
        assert (picture.rgb[:, :10] == 255).all()
        assert np.abs(picture.rgb[0, 15].astype(int) - (255, 127, 127)).max() <= 1
        assert np.array_equal(picture.rgb[:, 20:], array[:, 20:, :3])


def test_opaque_alpha_is_no_mask_and_invisible_is_refused() -> None:
    opaque = chart().convert("RGBA")
    assert load(file(opaque, "PNG")).alpha is None
    opaque.putalpha(0)
    assert code_of(file(opaque, "PNG")) == "invisible"


def test_palette_and_colour_key_transparency() -> None:
    palette = chart().quantize(8)
    assert np.array_equal(load(file(palette, "PNG")).rgb, np.asarray(palette.convert("RGB")))
    clear = palette.getpixel((0, 0))
    keyed = load(file(palette, "PNG", transparency=clear))
    assert keyed.alpha is not None and keyed.alpha[0, 0] == 0 and keyed.alpha[-1, -1] == 255
    assert (keyed.rgb[0, 0] == 255).all()
    gif = load(file(palette, "GIF", transparency=clear))
    assert gif.alpha is not None and gif.alpha[0, 0] == 0
    by_bytes = load(file(palette, "PNG", transparency=bytes([100] * 8)))
    assert by_bytes.alpha is not None and (by_bytes.alpha == 100).all()
    rgb_key = load(file(chart(), "PNG", transparency=PATCHES[0]))
    assert rgb_key.alpha is not None and rgb_key.alpha[0, 0] == 0 and rgb_key.alpha[0, -1] == 255


def test_grey_bilevel_and_grey_with_alpha() -> None:
    grey = chart().convert("L")
    picture = load(file(grey, "PNG"))
    assert np.array_equal(picture.rgb, np.repeat(np.asarray(grey)[..., None], 3, axis=2))
    assert set(np.unique(load(file(grey.convert("1"), "PNG")).rgb)) <= {0, 255}
    la = grey.convert("LA")
    la.putalpha(Image.linear_gradient("L").resize(la.size))
    assert load(file(la, "PNG")).alpha is not None


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_tones(format: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (20, 1))
    picture = load(file(Image.fromarray(ramp), format))
    assert np.abs(picture.rgb[..., 0].astype(float) - ramp / 257).max() <= 1
    assert picture.rgb.max() == 255 and picture.rgb.min() == 0


def test_sixteen_bit_grey_with_white_as_zero_is_not_a_negative() -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (20, 1))
    picture = load(file(Image.fromarray(ramp), "TIFF", tiffinfo={262: 0}))
    assert picture.rgb[0, 0, 0] == 255 and picture.rgb[0, -1, 0] == 0


def test_sixteen_bit_rgb_png_and_tiff() -> None:
    ramp = np.zeros((16, 64, 3), np.uint16)
    ramp[..., 0] = np.linspace(0, 65535, 64)
    ramp[..., 1] = 32896
    for data in (_png16(ramp), _tiff16(ramp)):
        picture = load(data)
        assert np.abs(picture.rgb.astype(float) - ramp / 257).max() <= 1


def _png16(array_HW3: np.ndarray) -> bytes:
    """Pillow does not write 16-bit RGB; the format is simple enough."""
    h, w, _ = array_HW3.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array_HW3)
    chunk = lambda b: struct.pack(">I", len(b) - 4) + b + struct.pack(">I", zlib.crc32(b))  # noqa: E731
    head = b"IHDR" + struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(chunk, (head, b"IDAT" + zlib.compress(rows), b"IEND")))


def _tiff16(array_HW3: np.ndarray) -> bytes:
    h, w, _ = array_HW3.shape
    pixels = array_HW3.astype("<u2").tobytes()
    entries = [
        (256, 4, 1, w), (257, 4, 1, h), (258, 3, 3, 8 + len(pixels)), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, h), (279, 4, 1, len(pixels)),
    ]  # fmt: skip
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + b"\0" * 4
    return b"II*\0" + struct.pack("<I", 8 + len(pixels) + 6) + pixels + struct.pack("<3H", 16, 16, 16) + ifd


def test_float_and_integer_grey_tiff() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (20, 1))
    assert np.abs(load(file(Image.fromarray(ramp), "TIFF")).rgb[..., 0] - ramp * 255).max() <= 1
    ramp[0, 0] = np.nan
    assert load(file(Image.fromarray(ramp), "TIFF")).rgb[0, 0, 0] == 0
    whole = (np.tile(np.linspace(0, 60000, 64), (20, 1))).astype(np.int32)
    assert load(file(Image.fromarray(whole), "TIFF")).rgb[0, -1, 0] == round(60000 / 257)


def test_cmyk_without_profile_is_readable_and_says_so() -> None:
    data = file(chart().convert("CMYK"), "JPEG", quality=95, subsampling=0)
    picture = load(data)
    assert np.abs(picture.rgb.astype(int) - np.asarray(chart())).max() <= 6  # a negative would be off by 255
    assert any("CMYK" in note for note in picture.notes)
    assert load(file(chart().convert("CMYK"), "TIFF")).rgb[0, 0, 0] > 250


def _profile_in(space: str) -> bytes:
    """A real profile of another colour space: LCMS builds Lab and XYZ ones itself."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


def _swapped_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged: applying it is impossible to overlook."""
    profile = _profile_in("sRGB")
    return (
        profile.replace(b"rXYZ", b"tmpX")
        .replace(b"bXYZ", b"rXYZ")
        .replace(b"tmpX", b"bXYZ")
        .replace(b"s\0R\0G\0B", b"x\0X\0X\0X")
    )


def test_icc_profile_is_applied() -> None:
    data = file(chart(), "PNG", icc_profile=_swapped_profile())
    picture = load(data)
    assert picture.rgb[0, 0, 2] > 200 and picture.rgb[0, 0, 0] < 60  # the red patch was meant to be blue
    assert any("converted from" in note for note in picture.notes)


def test_icc_profile_with_alpha_keeps_the_alpha() -> None:
    image = chart().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    picture = load(file(image, "PNG", icc_profile=_swapped_profile()))
    assert picture.alpha is not None and np.array_equal(picture.alpha, np.asarray(image.getchannel("A")))


@pytest.mark.parametrize("profile", [b"not a profile", _profile_in("LAB"), _profile_in("sRGB")[:200]])
def test_unusable_icc_profile_is_ignored_with_a_note(profile: bytes) -> None:
    picture = load(file(chart(), "PNG", icc_profile=profile))
    assert np.array_equal(picture.rgb, np.asarray(chart()))
    assert any("profile" in note for note in picture.notes)


def test_cmyk_with_foreign_profile_still_opens() -> None:
    data = file(chart().convert("CMYK"), "JPEG", quality=95, subsampling=0, icc_profile=_profile_in("sRGB"))
    assert np.abs(load(data).rgb.astype(int) - np.asarray(chart())).max() <= 6


@pytest.mark.parametrize(
    ("format", "word"), [("GIF", "frame"), ("WEBP", "frame"), ("TIFF", "page"), ("PNG", "frame")]
)
def test_animations_give_their_first_frame(format: str, word: str) -> None:
    others = [Image.new("RGB", (48, 32), c) for c in PATCHES[:2]]
    options = {"lossless": True} if format == "WEBP" else {}
    picture = load(file(chart(), format, save_all=True, append_images=others, **options))
    assert np.array_equal(picture.rgb, np.asarray(chart()))
    assert any(word in note for note in picture.notes)


def test_bomb_is_refused_from_its_header() -> None:
    assert code_of(png_announcing(60_000, 60_000)) == "too_many_pixels"
    assert code_of(png_announcing(12_000, 12_000)) == "too_many_pixels"
    assert code_of(file(chart(), "PNG"), max_pixels=1000) == "too_many_pixels"
    assert code_of(file(chart(), "BMP"), max_bytes=1000) == "file_too_big"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_truncated_files(format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = file(noise, format)
    for share in (0.9, 0.5, 0.1):
        assert code_of(data[: int(len(data) * share)]) in ("truncated", "corrupt")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_damaged_bytes_raise_only_bad_image(format: str) -> None:
    """Flip bytes at random: either a picture comes out or a ``BadImage``; nothing else ever escapes."""
    data = bytearray(file(chart(), format))
    rng = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(60):
            damaged = bytearray(data)
            for place in rng.integers(0, len(data), 8):
                damaged[place] = rng.integers(256)
            try:
                assert isinstance(load(bytes(damaged)), Picture)
            except BadImage as bad:
                assert bad.code


def verdict(data: bytes, look: Callable[[bytes], Picture | Found]) -> tuple[object, ...]:
    """Size and format that ``look`` finds, or the code and sentence with which it refuses."""
    try:
        found = look(data)
        return found.width, found.height, found.format
    except BadImage as bad:
        return bad.code, bad.message


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"exif": "turned"}])
def test_inspecting_says_what_loading_says(mode: str, options: dict[str, object]) -> None:
    """Of whole files, of files that end early, and of files with bytes flipped at random."""
    if options.get("exif"):
        exif = Image.Exif()
        exif[0x0112] = 6
        options = {"exif": exif}
    noise = np.random.default_rng(0).integers(0, 256, (70, 100, 3), dtype=np.uint8)
    data = file(Image.fromarray(noise).convert(mode), "JPEG", **options)
    rng, damaged = np.random.default_rng(1), [data]
    damaged += [data[: int(len(data) * share)] for share in (0.99, 0.9, 0.5, 0.1, 0.01)]
    for _ in range(60):
        flipped = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            flipped[place] = rng.integers(256)
        damaged.append(bytes(flipped))
    verdicts = [verdict(one, load) for one in damaged]
    assert [verdict(one, inspect) for one in damaged] == verdicts
    assert len({found[-1] for found in verdicts}) >= 3  # there is something to tell apart


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_inspecting_other_formats_is_loading_them(format: str) -> None:
    data = file(chart(), format)
    assert verdict(data, inspect) == verdict(data, load) == (48, 32, format)
    assert verdict(data[:60], inspect) == verdict(data[:60], load)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"This is a price list, not a photo.\n" * 30, "text"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "HEIC"),
        (bytes(range(256)), "binary"),
    ],
)
def test_not_an_image_says_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "mug.jpg"
    path.write_bytes(content)
    with pytest.raises(BadImage, match=words) as caught:
        load(path)
    assert caught.value.code == "not_an_image"


def test_formats_outside_the_list_are_not_opened() -> None:
    for format in ("PPM", "ICO", "TGA", "JPEG2000", "EPS"):
        assert code_of(file(chart(), format)) == "not_an_image"


def test_files_that_are_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert code_of(tmp_path / "empty.jpg") == code_of(b"") == "empty_file"
    assert code_of(tmp_path) == code_of(tmp_path / "pipe.jpg") == "not_a_file"
    assert code_of(tmp_path / "missing.jpg") == code_of(tmp_path / "dangling.jpg") == "not_found"
    assert code_of("a\0b.jpg") == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(file(chart(), "JPEG"))
    path.chmod(0)
    assert code_of(path) == "unreadable"


def test_odd_file_names(tmp_path: Path) -> None:
    for name in (
        "tasse à café.png",
        "花瓶.png",
        "a b'c\"d.png",
        "-rf.png",
        "%20#?.png",
        "new\nline.png",
        "mug",
    ):
        (tmp_path / name).write_bytes(file(chart(), "PNG"))
        assert load(str(tmp_path / name)).width == 48


def test_tiny_pictures_are_refused() -> None:
    assert code_of(file(Image.new("RGB", (1, 500)), "PNG")) == "too_small"


def test_errors_survive_pickling_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(BadImage("corrupt", "The JPEG file is damaged.")))
    assert isinstance(error, BadInput) and (error.code, str(error)) == (
        "corrupt",
        "The JPEG file is damaged.",
    )


def test_threads_leave_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    data = file(chart().quantize(8), "PNG", transparency=bytes([100] * 8))
    threads = [threading.Thread(target=lambda: [load(data) for _ in range(20)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert warnings.filters == before


def test_encode_round_trips_with_an_srgb_profile() -> None:
    picture = load(file(chart(), "PNG"))
    for format, tolerance in (("PNG", 0), ("JPEG", 1), ("WEBP", 4)):
        data = encode(picture, format)  # type: ignore[arg-type]
        assert data == encode(picture, format)  # type: ignore[arg-type]
        again = load(data)
        assert np.abs(again.rgb.astype(int) - picture.rgb).mean() <= tolerance and again.notes == ()
        assert b"sRGB" in Image.open(io.BytesIO(data)).info["icc_profile"].replace(b"\0", b"")
    with Image.open(io.BytesIO(encode(picture, "JPEG"))) as jpeg:
        assert [component[1:3] for component in jpeg.layer] == [(1, 1)] * 3  # 4:4:4
    assert len(encode(picture, "JPEG", 30)) < len(encode(picture, "JPEG", 98))


def test_encode_keeps_alpha_and_refuses_floats(tmp_path: Path) -> None:
    image = chart().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    picture = load(file(image, "PNG"))
    again = load(encode(picture, "PNG"))
    assert again.alpha is not None and np.array_equal(again.alpha, picture.alpha)
    assert load(encode(picture, "JPEG")).alpha is None
    with pytest.raises(ValueError, match="uint8"):
        encode(np.zeros((8, 8, 3)), "PNG")
    save_png(tmp_path / "mask.png", np.full((20, 20), 7, np.uint8))
    assert load_mask(tmp_path / "mask.png", 20, 20)[0, 0] == 7


def test_masks_come_from_brightness_or_alpha_and_must_fit() -> None:
    white_disc = np.zeros((40, 60), np.uint8)
    white_disc[10:30, 20:40] = 255
    assert np.array_equal(load_mask(file(Image.fromarray(white_disc), "PNG"), 40, 60), white_disc)
    cutout = chart(60, 40).convert("RGBA")
    cutout.putalpha(Image.fromarray(white_disc))
    assert np.array_equal(load_mask(file(cutout, "PNG"), 40, 60), white_disc)
    assert fit_mask(white_disc, 80, 120).shape == (80, 120)
    with pytest.raises(BadImage) as caught:
        fit_mask(white_disc, 60, 40)
    assert caught.value.code == "mask_size"
