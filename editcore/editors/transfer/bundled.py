"""The bundled model as a painter: the transformer of this project, the text editor's autoencoder and text encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from editcore.editors.quiet import quiet_libraries
from editcore.editors.transfer.adapters import merge_adapters
from editcore.editors.transfer.codecs import BundledCodec
from editcore.editors.transfer.load import load_model
from editcore.editors.transfer.painter import Painter
from editcore.editors.transfer.words import TextEncoder


def load_painter(
    folder: Path,
    shared: Path,
    device: str = "cpu",
    memory_bytes: int = 1 << 30,
    adapters: Mapping[str, float] | None = None,
) -> Painter:
    """folder: the transformer. shared: the text editor's. adapters: LoRA files and their scales.

    FileNotFoundError for a model or an adapter that is not there, ValueError for an adapter of another model.
    """
    quiet_libraries()
    model = load_model(folder, shared)
    merge_adapters(model.transformer, adapters or {})
    tell = TextEncoder(shared, device)
    codec = BundledCodec(shared / "vae", device)
    return Painter(model.to(device), codec, lambda words: tell([words]), memory_bytes)
