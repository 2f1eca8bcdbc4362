"""Where the weights of a public model lie on this machine. Nothing is ever downloaded from here.

A checkpoint is a folder in diffusers' layout, or a public model id (``owner/name``), looked for as

1. a folder of that path,
2. ``$VITRINE_MODELS/owner/name`` (default: ``models`` in the working directory),
3. the local cache of the hub's own download tool (``hf download owner/name``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

INDEX = "model_index.json"
NOT_NEEDED = ("safety_checker", "feature_extractor", "image_encoder")
"""Components no engine here loads."""


class CheckpointMissing(ValueError):  # noqa: N818 - reads as what it says
    """The weights are not on this machine, or only a part of them, or not as safetensors."""


def find_checkpoint(checkpoint: str) -> Path:
    """The folder of a checkpoint; ``CheckpointMissing`` says what to download and where to put it."""
    places = [Path(checkpoint).expanduser(), models_folder() / checkpoint, *_cached(checkpoint)]
    for place in places:
        if (place / INDEX).is_file():
            _check_whole(place)
            return place
    looked = " and ".join(str(place) for place in places[:2])
    raise CheckpointMissing(
        f"the weights of {checkpoint} are not on this machine (looked in {looked} and in the hub's cache); "
        f"download them with `hf download {checkpoint} --local-dir {models_folder() / checkpoint}`, "
        "or set VITRINE_MODELS to the folder that holds them"
    )


def models_folder() -> Path:
    """``$VITRINE_MODELS``, or ``models`` in the working directory; absolute."""
    return Path(os.environ.get("VITRINE_MODELS", "models")).expanduser().absolute()


def _cached(checkpoint: str) -> list[Path]:
    """The hub cache's newest snapshot, if there is one."""
    if checkpoint.count("/") != 1 or checkpoint.startswith((".", "/", "~")):
        return []
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return [Path(snapshot_download(checkpoint, local_files_only=True))]
    except (HFValidationError, LocalEntryNotFoundError):
        return []


def _check_whole(folder: Path) -> None:
    """Every component that the index names is there, models as safetensors."""
    index = json.loads((folder / INDEX).read_text("utf-8"))
    for part, made_of in index.items():
        if not isinstance(made_of, list) or made_of[0] is None or part in NOT_NEEDED or part.startswith("_"):
            continue
        if not (folder / part).is_dir():
            raise CheckpointMissing(f"{folder} lacks its part {part}; download it again, it is not whole")
        if (folder / part / "config.json").is_file() and not any((folder / part).glob("*.safetensors")):
            raise CheckpointMissing(
                f"{folder / part} holds no .safetensors file; download that format, pickles are not read"
            )
