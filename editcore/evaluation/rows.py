"""The rows of the table, from YAML::

    options: {steps: 8}            # for every row: all are to take the same steps
    rows:
      - {name: no edit, profile: none}
      - {name: bundled, profile: bundled}
      - {name: mine, profile: bundled, folder: trained/editor, options: {guidance: 3.0}}
      - {name: SDEdit-style, editor: "editcore.editors:load_diffusion", folder: trained/editor}
      - {name: weak + mask loss, profile: sd15.yaml, lora: runs/weak-mask/adapter.safetensors}
      - {name: exact target, profile: exact}

``profile`` is a profile's name or file, ``none`` (no edit) or ``exact`` (the exact result). ``editor`` names another
engine than the profile's. ``folder`` holds another model (the bundled engine's option ``folder``, any other engine's
checkpoint), ``lora`` an adapter at scale 1. ``folders`` names one model trained from several seeds: the table's
seed n is model n with noise n, so that ± tells both. Paths are relative to the YAML file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from editcore.evaluation.methods import Copy, Engine, Method, Truth
from editcore.profiles import Profile, load_profile

DEFAULT = Path(__file__).parent / "rows.yaml"
BUNDLED_ENGINE = "editcore.editors:load_editor"


class Row(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="Name in the table.")
    profile: str = Field(default="bundled", description="Profile, or `none`, or `exact`.")
    editor: str | None = Field(default=None, description="Entry point of another engine than the profile's.")
    folder: Path | None = Field(default=None, description="Folder of the model.")
    folders: tuple[Path, ...] = Field(default=(), description="Folders of one model, by training seed.")
    lora: Path | None = Field(default=None, description="Adapter (.safetensors), at scale 1.")
    options: dict[str, Any] = Field(default_factory=dict, description="More options of the engine.")
    about: str = Field(default="", description="What the row is, for the page.")

    @property
    def edits(self) -> bool:
        """Whether an engine is behind it."""
        return self.profile not in ("none", "exact")

    def trainings(self, seeds: int) -> list[tuple[Row, Sequence[int]]]:
        """The row for each of its models, with the seeds of the table that are measured with it.

        ValueError if there are more seeds than models."""
        if not self.folders:
            return [(self, range(seeds) if self.edits else (0,))]
        if seeds > len(self.folders):
            raise ValueError(
                f"row {self.name}: found {len(self.folders)} folders for {seeds} seeds; "
                "give one for each, or measure fewer seeds"
            )
        models = enumerate(self.folders[:seeds])
        return [(self.model_copy(update={"folder": one, "folders": ()}), (n,)) for n, one in models]

    def identity(self) -> dict[str, str]:
        """What makes results of this row differ from another's; where its files lie does not."""
        if not self.edits:
            return self.method().identity
        profile = self._profile()
        if not self.folder or profile.checkpoint:
            return profile.identity()
        options = {key: value for key, value in profile.options.items() if key != "folder"}
        facts = profile.model_copy(update={"options": options, "weights": [str(self.folder)]}).identity()
        return facts | {"folder": facts.pop(f"weights.{self.folder}")}

    def method(self) -> Method:
        """Load what the row edits with."""
        if self.profile == "none":
            return Copy(self.name)
        if self.profile == "exact":
            return Truth(self.name)
        profile = self._profile()
        return Engine(self.name, profile.attribute("editor")(profile), self.identity())

    def check(self) -> None:
        """``ValueError`` unless everything the row needs is on this machine. Loads nothing."""
        if self.folder and self.folders:
            raise ValueError(f"row {self.name}: found folder and folders; expected one of them")
        for path in (self.folder, *self.folders, self.lora):
            if path and not path.exists():
                raise ValueError(f"row {self.name}: {path} is not there; paths are relative to the rows file")
        for one, _ in self.trainings(max(1, len(self.folders))) if self.edits else ():
            one._profile().check()

    def summary(self) -> str:
        """What the row is, in a line for the page; names files without their place."""
        parts = [f"{key} {value}" for key, value in self.options.items()]
        parts += [f"{part} {path.name}" for part in ("folder", "lora") if (path := getattr(self, part))]
        parts += [f"{len(self.folders)} trainings"] if self.folders else []
        engine = f", {self.editor}" if self.editor else ""
        settings = (
            f" ({Path(self.profile).name}{engine}{''.join(f', {p}' for p in parts)})" if self.edits else ""
        )
        return f"{self.about or self.name}{settings}"

    def _profile(self) -> Profile:
        profile = load_profile(self.profile)
        update: dict[str, Any] = {"options": profile.options | self.options}
        update["editor"] = self.editor or profile.editor
        bundled = update["editor"] == BUNDLED_ENGINE
        if self.folder:
            update["weights"] = []  # the folder stands for them
            if bundled:
                update["options"]["folder"] = self.folder
            else:
                update["checkpoint"] = str(self.folder)
        if self.lora:
            if bundled:
                raise ValueError(
                    f"row {self.name}: the bundled engine takes no adapter; "
                    "say editor: editcore.editors:load_diffusion"
                )
            update["adapters"] = profile.adapters | {str(self.lora): 1.0}
        return Profile.model_validate(profile.model_dump() | update)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    options: dict[str, Any] = Field(default_factory=dict, description="Options of every row.")
    rows: list[Row] = Field(min_length=1)


def load_rows(file: Path = DEFAULT) -> list[Row]:
    """Rows of a YAML file, checked and ready. ``ValueError`` names the place and what was expected."""
    if not file.is_file():
        raise ValueError(f"found no rows file {file}; expected YAML like editcore/evaluation/{DEFAULT.name}")
    try:
        given = _File.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is no YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise ValueError(f"{file}: {'; '.join(lines)}") from None
    seen = [row.name for row in given.rows]
    if twice := {name for name in seen if seen.count(name) > 1}:
        raise ValueError(f"{file}: rows of one name: {', '.join(sorted(twice))}; names tell rows apart")
    rows = [_placed(row, given.options, file.absolute().parent) for row in given.rows]
    for row in rows:
        row.check()
    return rows


def _placed(row: Row, options: dict[str, Any], base: Path) -> Row:
    """The row with the shared options, its paths made absolute."""
    update: dict[str, Any] = {"options": options | row.options}
    update |= {part: base / path for part in ("folder", "lora") if (path := getattr(row, part))}
    update["folders"] = tuple(base / path for path in row.folders)
    if row.profile.endswith((".yaml", ".yml")):
        update["profile"] = str(base / row.profile)
    return row.model_copy(update=update)
