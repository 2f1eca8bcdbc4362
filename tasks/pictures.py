"""Pictures by path for the steps: sources checked against the plan, and the night's own files."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from editcore import images, storage
from editcore.columns import Row
from editcore.images import Found, Picture
from editcore.night import Night
from editcore.outcomes import PICTURE_LOST, Outcome, RowError
from editcore.sources.contents import failures
from editcore.sources.downloads import body_path, is_web


def source(row: Row, night: Night) -> Picture:
    """The row's source, decoded; raises for what cannot be used, also if it changed since the night was
    planned."""
    limits = night.limits
    place = _place(row["source_uri"], row["source_sha256"], night)
    return _source(place, row["source_sha256"], limits["max_pixels"], limits["max_bytes"])


def found(row: Row, night: Night) -> Found:
    """What the row's source is; raises as ``source`` does, for a good part of its cost less."""
    limits = night.limits
    place = _place(row["source_uri"], row["source_sha256"], night)
    return _found(place, row["source_sha256"], limits["max_pixels"], limits["max_bytes"])


def read_mask(row: Row, night: Night, height: int, width: int) -> np.ndarray:
    """The row's given mask as (height, width) uint8; a missing file is the customer's mistake."""
    uri, sha256 = row["given_mask_uri"], row["given_mask_sha256"] or ""
    try:
        data = storage.read_bytes(_place(uri, sha256, night))
    except FileNotFoundError:
        raise RowError(
            Outcome.BAD_INPUT, "mask_not_found", f"There is no mask file {storage.name_of(uri)!r}."
        ) from None
    _same(data, sha256, uri)
    return images.load_mask(data, height, width)


def put_png(night: Night, name: str, array: np.ndarray) -> str:
    """Write (H, W, 3) or (H, W) uint8 losslessly as ``images/<name>.png``; returns that path for the
    manifest."""
    sink = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(sink, "PNG", compress_level=1)
    place = f"images/{name}.png"
    storage.put(night.picture(place), sink.getvalue())
    return place


def get_png(night: Night, place: str) -> np.ndarray:
    """Read back what ``put_png`` wrote; ``RowError`` if it is there no more, or not as it was written."""
    try:
        data = storage.read_bytes(night.picture(place))
    except FileNotFoundError as error:
        raise _lost(place, error) from None
    try:
        Image.open(io.BytesIO(data)).verify()
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:  # SyntaxError: Pillow's word for a broken PNG
        raise _lost(place, error) from error


def _lost(place: str, error: Exception) -> RowError:
    return RowError(
        Outcome.RETRYABLE,
        PICTURE_LOST,
        f"The night's own {place} was lost or damaged after it was written ({error}); "
        "`vitrine rerun OUTPUT --failed` makes it again.",
        spent=True,
    )


@lru_cache(maxsize=4)  # neighbouring rows share their picture; four of 60 megapixels are 0.7 GB
def _source(uri: str, sha256: str, max_pixels: int, max_bytes: int) -> Picture:
    data = _read(uri, max_bytes)
    _same(data, sha256, uri)
    return images.load(data, max_pixels=max_pixels, max_bytes=max_bytes)


@lru_cache(maxsize=64)  # neighbouring rows share their picture
def _found(uri: str, sha256: str, max_pixels: int, max_bytes: int) -> Found:
    data = _read(uri, max_bytes)
    _same(data, sha256, uri)
    return images.inspect(data, max_pixels=max_pixels, max_bytes=max_bytes)


def _same(data: bytes, sha256: str, uri: str) -> None:
    """``RowError`` if a file is not the one the night was planned with (an empty sha256: it could not be read)."""
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise RowError(
            Outcome.BAD_INPUT,
            "source_changed",
            f"{storage.name_of(uri)!r} was replaced while the night was running; the next night takes it.",
        )


def _place(uri: str, sha256: str, night: Night) -> str:
    """Where a picture or mask is read: the night's copy of what lies on the web, the file itself otherwise."""
    if not is_web(uri):
        return uri
    if not sha256:
        raise _failures(night.path).get(uri) or RowError(Outcome.RETRYABLE, "storage", f"{uri} was not read.")
    return body_path(str(night.info["output"]), sha256)


_failures = lru_cache(maxsize=2)(failures)


def _read(uri: str, max_bytes: int) -> bytes:
    name = repr(storage.name_of(uri))
    try:
        about: dict[str, Any] = storage.describe(uri)
        if about["size"] > max_bytes:
            raise RowError(
                Outcome.BAD_INPUT,
                "file_too_big",
                f"{name} has {about['size'] / 1e6:.0f} MB; at most {max_bytes / 1e6:.0f} are read.",
            )
        return storage.read_bytes(uri)
    except FileNotFoundError:
        raise RowError(Outcome.BAD_INPUT, "not_found", f"There is no file {name} any more or yet.") from None
    except IsADirectoryError:
        raise RowError(Outcome.BAD_INPUT, "not_a_file", f"{name} is a folder; name a picture file.") from None
    except PermissionError:
        raise RowError(Outcome.BAD_INPUT, "unreadable", f"{name} may not be read by this user.") from None
    except ValueError as error:  # a NUL character in the name, an unknown protocol
        raise RowError(Outcome.BAD_INPUT, "unreadable", f"{name} cannot be read: {error}.") from None
