"""Profiles: which models a night uses, where their weights lie, and how fast they were measured to be.

A profile is a YAML file. The names of the files in ``editcore/profiles/`` can be used as they are
(``bundled``); anything else is the path of a file. Engines, segmenters and scorers are named as entry points,
``package.module:attribute``, so that a new engine needs a profile and no change here."""

from __future__ import annotations

import hashlib
import importlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from editcore.checkpoints import find_checkpoint, models_folder

HERE = Path(__file__).parent / "profiles"
_PACKAGE = Path(__file__).parent


class ProfileError(ValueError):
    """There is no such profile, or its weights are not on this machine; the message says what to do."""


class Pool(BaseModel):
    """Where a night's shards are worked on. Nothing of it changes results."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(
        default="process",
        description="`process`: in this process, on one device. `ray`: start Ray on this machine. `ray://auto`: the "
        "Ray cluster this machine has joined. `ray://HOST:PORT`: the cluster whose client server that is.",
    )
    gpus_per_actor: float = Field(
        default=1.0,
        ge=0,
        description="GPUs of one worker; 0.5: two workers share one; 0: workers without GPU.",
    )
    actors: int | None = Field(default=None, ge=1, description="Workers; default: as many as the GPUs allow.")
    in_flight: int = Field(default=2, ge=1, le=16, description="Shards in hand at once, per worker.")
    respawns: int = Field(default=4, ge=0, description="Workers replaced in a night, in all, when they die.")
    patience_seconds: float = Field(
        default=600.0, gt=0, description="How long a night waits with no worker at work before it fails."
    )

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if not re.fullmatch(r"process|ray|ray://auto|ray://\S+:\d+", value):
            raise ValueError(f"found pool {value!r}, expected process, ray, ray://auto or ray://HOST:PORT")
        return value

    @field_validator("gpus_per_actor")
    @classmethod
    def _whole_above_one(cls, value: float) -> float:
        if value > 1 and value != int(value):
            raise ValueError(f"found {value:g} GPUs for a worker, expected a whole number or a part of one")
        return value

    def of_kind(self, kind: str | None) -> Pool:
        """The same pool at another place; ``ProfileError`` for one that cannot be."""
        try:
            return self if kind is None else Pool.model_validate({**self.model_dump(), "kind": kind})
        except ValidationError as error:
            raise ProfileError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


class Profile(BaseModel):
    """One way to run the night's models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="Name shown in reports and stored in the fingerprint.")
    about: str = Field(default="", description="What it is good for, in a sentence.")
    licence: str = Field(description="Licence of the weights it uses.")
    editor: str = Field(
        default="editcore.editors:load_editor",
        description="Entry point of the engine: called with this profile, gives an Editor.",
    )
    transfer: str = Field(
        default="",
        description="Entry point of the engine for recipes with an exemplar, called with this profile; "
        "empty: such recipes are refused.",
    )
    transfer_options: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings of that engine: steps, seeds, who picks among them (pick: agreement or scorer), memory "
        "for what it keeps.",
    )
    transfer_adapters: dict[str, float] = Field(
        default_factory=dict,
        description="LoRA files of that engine and their scales; found as `adapters` are.",
    )
    segmenter: str = Field(
        default="editcore.segmentation:segment",
        description="Entry point of the function that finds the product.",
    )
    scorer: str = Field(
        default="editcore.scoring:Scorer",
        description="Entry point of the scorer class: made with scorer_options, then score(batch).",
    )
    scorer_options: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of the scorer: which CLIP model, device."
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings of the engine: steps, guidance, batch size, precision, device.",
    )
    weights: list[str] = Field(
        default_factory=list,
        description="Weight files or folders for the fingerprint; relative ones lie in the editcore package.",
    )
    checkpoint: str = Field(
        default="",
        description="Public model the engine loads, in diffusers' layout: a folder (relative ones lie beside "
        "the profile file) or an id owner/name, see `editcore.checkpoints`.",
    )
    adapters: dict[str, float] = Field(
        default_factory=dict,
        description="LoRA files (.safetensors) and their scales; relative ones lie beside the profile file, those "
        "of a shipped profile where models do, see `editcore.checkpoints`.",
    )
    memory: str = Field(
        default="", description="Memory it needs, for `vitrine plan`; says whether measured or arithmetic."
    )
    max_workers: int = Field(
        default=2,
        ge=1,
        le=32,
        description="Shards worked on at once in one process; models take turns inside.",
    )
    pool: Pool = Field(
        default=Pool(), description="Where shards are worked on: one process, or workers on Ray."
    )
    edits_per_second: float | None = Field(
        default=None,
        gt=0,
        description="Measured edits per second of a whole night, for the estimate of `vitrine plan`.",
    )
    measured_on: str = Field(default="", description="Hardware and date of that measurement.")

    @field_validator("editor", "transfer", "segmenter", "scorer")
    @classmethod
    def _entry_point(cls, value: str, about: ValidationInfo) -> str:
        if value.count(":") != 1 and (value or about.field_name != "transfer"):
            raise ValueError(f"found {value!r}, expected 'package.module:attribute'")
        return value

    def attribute(self, part: str) -> Any:
        """Import what entry point ``part`` (editor, transfer, segmenter or scorer) names."""
        module, name = getattr(self, part).split(":")
        return getattr(importlib.import_module(module), name)

    def checkpoint_folder(self) -> Path:
        """Where the checkpoint lies; ``CheckpointMissing`` if it does not."""
        return find_checkpoint(self.checkpoint)

    def check(self) -> None:
        """``ProfileError`` unless the checkpoint and the adapters are on this machine. Loads nothing."""
        try:
            if self.checkpoint:
                self.checkpoint_folder()
        except ValueError as error:
            raise ProfileError(f"profile {self.name} ({self.licence}): {error}") from None
        files = [*self.adapters, *self.transfer_adapters]
        if absent := [file for file in files if not Path(file).is_file()]:
            raise ProfileError(
                f"profile {self.name}: no adapter at {', '.join(absent)}; put it there, train one, or take it out "
                "of the profile"
            )

    def identity(self) -> dict[str, str]:
        """What makes results of this profile differ from another's: settings, and sha256 of every weight
        file."""
        facts = {"editor": self.editor, "segmenter": self.segmenter, "scorer": self.scorer}
        facts |= {"transfer": self.transfer} if self.transfer else {}
        for group in ("options", "transfer_options", "scorer_options"):
            facts |= {f"{group}.{key}": str(value) for key, value in sorted(getattr(self, group).items())}
        for given in self.weights:
            path = _PACKAGE / given  # an absolute path stays as it is
            files = sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
            facts[f"weights.{given}"] = _digest(tuple(f for f in files if f.exists())) or "absent"
        if self.checkpoint:
            folder = self.checkpoint_folder()
            facts["checkpoint"] = _digest(tuple(f for f in sorted(folder.rglob("*")) if _loaded(f)))
        for group in ("adapters", "transfer_adapters"):
            for file, scale in getattr(self, group).items():
                key = f"{group}.{Path(file).name}"  # several files may be called alike
                facts[key] = f"{facts.get(key, '')} {_digest((Path(file),))} x {scale:g}".strip()
        return facts


def names() -> list[str]:
    """Profiles that come with the package."""
    return sorted(file.stem for file in HERE.glob("*.yaml"))


def load_profile(name: str) -> Profile:
    """The profile called ``name``, or in the YAML file ``name``. ValueError says what exists otherwise."""
    file = HERE / f"{name}.yaml"
    if not file.exists():
        file = Path(name)
    if file.suffix not in (".yaml", ".yml") or not file.is_file():
        raise ProfileError(f"found no profile {name!r}; expected one of {names()} or the path of a YAML file")
    profile = Profile.model_validate(yaml.safe_load(file.read_text("utf-8")))
    beside = file.absolute().parent
    checkpoint = profile.checkpoint
    if checkpoint and (beside / checkpoint).is_dir():
        checkpoint = str(beside / checkpoint)
    place = models_folder() if beside == HERE else beside
    adapters = {
        group: {
            str(place / Path(file).expanduser()): scale for file, scale in getattr(profile, group).items()
        }
        for group in ("adapters", "transfer_adapters")
    }
    return profile.model_copy(update={"checkpoint": checkpoint, **adapters})


def ready_profile(name: str) -> Profile:
    """``load_profile``, and everything it needs is there: ``ProfileError`` says what is missing."""
    profile = load_profile(name)
    profile.check()
    return profile


def _loaded(file: Path) -> bool:
    """Whether a checkpoint's file decides about results: weights and settings, not samples and cards."""
    return file.is_file() and file.suffix in (".safetensors", ".json", ".txt", ".model")


@lru_cache(maxsize=16)
def _digest(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        with open(file, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16] if files else ""
