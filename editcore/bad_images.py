"""What can be wrong with a picture, as one exception with a code; the codes are listed in ``images``."""

from __future__ import annotations

from PIL import Image, UnidentifiedImageError

from editcore.signatures import kind_of, looks_like

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")
"""Pillow decoders that may see a customer's bytes."""


class BadInput(ValueError):  # noqa: N818 - named like its outcome, ``bad_input``
    """Something of the customer's that cannot be used: one ``bad_input`` row, never the end of a night."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[BadInput], tuple[str, str]]:
        return type(self), (self.code, self.message)


class BadImage(BadInput):
    """A file that is no usable picture; ``code`` is one of the table above."""


def as_bad_image(error: Exception, data: bytes) -> BadImage:
    """Sort a decoder's exception into a code; the texts are Pillow's own."""
    text = str(error)
    if isinstance(error, Image.DecompressionBombError):
        return BadImage(
            "too_many_pixels", "The header announces far too many pixels. Export the picture smaller."
        )
    kind = kind_of(data)
    if kind is None:
        wanted = ", ".join(FORMATS)
        return BadImage("not_an_image", f"The content is {looks_like(data)}; expected one of {wanted}.")
    if "truncated" in text or "not enough" in text.lower() or isinstance(error, EOFError):
        return BadImage("truncated", f"The {kind} file ends early (is the upload complete?): {text}.")
    if isinstance(error, MemoryError):
        return BadImage("too_many_pixels", f"Decoding this {kind} file takes more memory than there is.")
    if (
        isinstance(error, NotImplementedError)
        or "unknown pixel mode" in text
        or "unsupported" in text.lower()
    ):
        return BadImage(
            "unsupported", f"This variant of {kind} cannot be decoded ({text}). Export it as PNG."
        )
    if isinstance(error, UnidentifiedImageError):
        text = "its header cannot be understood"
    return BadImage("corrupt", f"The {kind} file is damaged: {text or type(error).__name__}.")
