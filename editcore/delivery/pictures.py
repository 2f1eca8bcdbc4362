"""Pictures of a run: found, decoded, and made small enough for a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from PIL import Image

from editcore import images, storage
from editcore.sources.downloads import body_path, is_web

TINT = (222, 92, 60)
"""Colour that marks where pixels were allowed to change."""


def locate(path: object, run: str, root: str) -> str | None:
    """Absolute place of a manifest path, which is given in full, under the run folder or under the output."""
    if not isinstance(path, str) or not path:
        return None
    if path.startswith("/") or "://" in path:
        return path
    return next((full for base in (run, root) if storage.exists(full := storage.join(base, path))), None)


def locate_source(row: Mapping[str, Any], root: str) -> str | None:
    """Where a row's source can be read: the output's copy of what lies on the web, the file itself otherwise."""
    uri, sha256 = row.get("source_uri"), row.get("source_sha256")
    if isinstance(uri, str) and is_web(uri):
        return body_path(root, sha256) if isinstance(sha256, str) and sha256 else None
    return locate(uri, root, root)


def open_picture(data: bytes) -> Image.Image:
    """Decode a source or a picture of the run, upright and in sRGB, as every step of the night sees it."""
    return Image.fromarray(images.load(data, min_side=1).rgb)


def shrink(picture: Image.Image, side: int) -> Image.Image:
    """``picture`` with its longest side at most ``side`` pixels; never enlarged."""
    scale = min(1.0, side / max(picture.size))
    if scale == 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # Means over areas: as good as Lanczos for pictures on a page, in less than half of its time.
    return Image.fromarray(cv2.resize(np.asarray(picture), size, interpolation=cv2.INTER_AREA))


def tint_region(picture: Image.Image, region: Image.Image) -> Image.Image:
    """The source in pale grey, the region that may change in one colour: shows if the mask fits."""
    grey_HW1 = np.asarray(picture.convert("L"), np.float32)[..., None]
    alpha_HW1 = np.asarray(region.convert("L").resize(picture.size), np.float32)[..., None] / 255
    pale_HW1 = 120 + 0.53 * grey_HW1
    tinted_HW3 = 0.75 * np.asarray(TINT, np.float32) * (0.4 + 0.6 * grey_HW1 / 255) + 0.25 * pale_HW1
    out_HW3 = pale_HW1 * (1 - alpha_HW1) + tinted_HW3 * alpha_HW1
    return Image.fromarray(out_HW3.clip(0, 255).astype(np.uint8))


def data_uri(picture: Image.Image, quality: int = 76) -> str:
    """``picture`` as a WebP data URI, for pages that must stand alone."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
