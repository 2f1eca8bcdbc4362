"""Editing engines: the contract (``base``), composition at full resolution, and the engines themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from editcore.editors.base import Editor


def load_editor(profile: Any) -> Editor:
    """The bundled engine with the options of ``profile`` (an ``editcore.profiles.Profile``)."""
    from editcore.editors.bundled import BundledEditor

    return BundledEditor(**profile.options)
