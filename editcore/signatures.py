"""What a file is by its first bytes, whatever its name or the server that sent it says."""

from __future__ import annotations

HEAD = 512
"""Bytes that decide."""

_PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"RIFF", "WebP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
)
_FOREIGN = ((b"%PDF", "a PDF"), (b"8BPS", "a Photoshop document"), (b"PK\x03\x04", "a zip archive"))


def kind_of(data: bytes) -> str | None:
    """Name of the picture format that ``data`` begins like; None if it is none that is read."""
    return next((name for start, name in _PICTURES if data.startswith(start)), None)


def looks_like(data: bytes) -> str:
    """In words, what a file that is no picture seems to be."""
    head = data[:HEAD]
    for start, name in _FOREIGN:
        if head.startswith(start):
            return name
    if head[4:8] == b"ftyp":
        return "HEIC, AVIF or a video"
    try:
        errors = "strict" if len(data) <= HEAD else "ignore"
        text = head.decode("utf-8", errors).lstrip("\ufeff \r\n\t").lower()
    except UnicodeDecodeError:
        return "unknown binary data"
    if not text.isprintable() and any(ord(c) < 9 for c in text):
        return "unknown binary data"
    if text.startswith(("<!doctype html", "<html")):
        return "a web page"
    return "an SVG drawing" if "<svg" in text else "text"
