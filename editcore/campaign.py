"""What to do tonight, from a YAML file: source, recipes, profile, thresholds, output.

Every field is described here and nowhere else; ``docs/running-a-night.md`` is checked against this file.
Relative paths are relative to the campaign file. Errors come as sentences, ``file: field: found ..., expected
...``."""

from __future__ import annotations

import difflib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from editcore import storage
from editcore.profiles import load_profile
from editcore.recipes import Recipe
from editcore.routing.thresholds import Thresholds

__all__ = ["Campaign", "CampaignError", "Recipe", "check_campaign", "load_campaign", "load_thresholds"]


class CampaignError(ValueError):
    """The campaign file cannot be used; the text says what, where and what to do, one problem a line."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Strict):
    """Which column of a table is what. Columns not named here are kept beside each row as they are."""

    image: str = Field(
        default="image",
        description="Path or URL of the picture; relative ones count from the table's folder.",
    )
    sku: str = Field(default="sku", description="The customer's name of the product.")
    mask: str | None = Field(
        default=None, description="Path or URL of a mask to use instead of a found one (white = product)."
    )
    caption: str | None = Field(
        default=None, description="The customer's words about the picture; helps the scores."
    )
    words: str | None = Field(
        default=None, description="Instruction of this very row, for recipes that give no words."
    )


class Download(_Strict):
    """How pictures are fetched whose address starts with http:// or https://."""

    per_host: int = Field(default=4, ge=1, le=64, description="Requests at once to one host.")
    at_once: int = Field(default=16, ge=1, le=256, description="Requests at once to all hosts together.")
    seconds: float = Field(
        default=60.0, gt=0, description="Longest time for one try, redirects and body included."
    )
    attempts: int = Field(
        default=4,
        ge=1,
        le=10,
        description="Tries when a host is busy, silent or cuts the line (429, 503, ...).",
    )
    allow: list[str] = Field(
        default_factory=list,
        description="Networks that are not on the open internet and may be asked nevertheless, e.g. 10.1.0.0/16.",
    )

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ip_network(text)
        return value


class Source(_Strict):
    """Where the pictures come from: a folder, a table that lists them, or a list of web addresses."""

    folder: str | None = Field(
        default=None, description="Folder or s3:// prefix; every file below it is taken as a picture."
    )
    table: str | None = Field(default=None, description="Parquet or CSV file with one row per picture.")
    urls: str | None = Field(
        default=None,
        description="Text file with one http(s) address a line; the file name in it becomes the SKU.",
    )
    columns: Columns = Field(default=Columns(), description="Which column of the table is what.")
    download: Download = Field(default=Download(), description="How pictures are fetched from the web.")

    @model_validator(mode="after")
    def _just_one(self) -> Source:
        given = [name for name in ("folder", "table", "urls") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of folder, table and urls"
            raise ValueError(f"found {found}, expected exactly one; keep the one that lists your pictures")
        if self.table and not self.table.lower().endswith((".parquet", ".csv")):
            raise ValueError(f"found table {self.table!r}, expected a name ending in .parquet or .csv")
        return self


class OutputFormat(_Strict):
    """How delivered pictures are encoded."""

    kind: Literal["jpeg", "png", "webp"] = Field(
        default="png", description="File format of delivered pictures; only PNG keeps every pixel as it is."
    )
    quality: int = Field(
        default=95, ge=1, le=100, description="Quality of JPEG and WebP; PNG is lossless and ignores it."
    )


class Limits(_Strict):
    """What is refused rather than opened, and when a night stops itself."""

    max_pixels: int = Field(
        default=60_000_000, ge=1, description="Largest picture, width x height; above it: bad_input."
    )
    max_bytes: int = Field(
        default=100_000_000, ge=1, description="Largest file in bytes; above it: bad_input."
    )
    attempts: int = Field(
        default=3, ge=1, le=10, description="How often a row is tried when storage or memory fails."
    )
    storm_window: int = Field(
        default=50, ge=1, description="How many of the last rows the error-storm watch looks at."
    )
    storm_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="A single model_error code above this share of the window stops the night.",
    )
    stall_minutes: float = Field(
        default=60.0,
        gt=0,
        description="Minutes without a finished batch after which the night ends itself; more than loading takes.",
    )


class Campaign(_Strict):
    """Everything a night needs to know."""

    name: str = Field(min_length=1, max_length=80, description="Name of the campaign, for people.")
    source: Source = Field(description="Where the pictures come from.")
    recipes: list[Recipe] = Field(
        min_length=1, description="What to make of each picture; one row per picture and recipe."
    )
    profile: str = Field(
        default="bundled", description="Which models: a profile of the package or the path of a profile file."
    )
    thresholds: Thresholds = Field(
        default=Thresholds(), description="When a picture is published, reviewed or reworked."
    )
    output: str = Field(description="Folder or s3:// prefix for runs, pictures and the report.")
    shard_size: int = Field(
        default=256, ge=1, le=10_000, description="Rows per shard: the unit of scheduling and retry."
    )
    keep_raw: bool = Field(
        default=False, description="Keep the model's own output beside the composite, for the report."
    )
    format: OutputFormat = Field(default=OutputFormat(), description="How delivered pictures are encoded.")
    limits: Limits = Field(default=Limits(), description="What is refused, and when a night stops itself.")

    @field_validator("recipes")
    @classmethod
    def _unique_ids(cls, recipes: list[Recipe]) -> list[Recipe]:
        ids = [recipe.id for recipe in recipes]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"found recipe ids used twice: {', '.join(twice)}; give each recipe its own id")
        return recipes

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str) -> str:
        load_profile(value)
        return value

    @model_validator(mode="after")
    def _words_somewhere(self) -> Campaign:
        for recipe in self.recipes:
            if recipe.words_for(self.source.columns.words) is None:
                raise ValueError(
                    f"recipe {recipe.id} has no words, no exemplar, and source.columns.words is not set; "
                    "give one of them"
                )
        return self


def load_campaign(file: str | Path) -> Campaign:
    """Read and check a campaign file; ``CampaignError`` lists every problem found, one a line."""
    file = Path(file)
    data = _read_yaml(file)
    return check_campaign(_anchored(data, file.resolve().parent), str(file))


def load_thresholds(file: str | Path) -> Thresholds:
    """Thresholds from a campaign file, or from a YAML file that holds nothing else."""
    data = _read_yaml(Path(file))
    if "recipes" in data or "thresholds" in data:
        data = data.get("thresholds") or {}
    try:
        return Thresholds.model_validate(data)
    except ValidationError as error:
        raise CampaignError("\n".join(f"{file}: {line}" for line in _sentences(error, Thresholds))) from None


def check_campaign(data: dict[str, Any], origin: str = "campaign") -> Campaign:
    """A campaign from a dict; ``origin`` names it in errors."""
    try:
        return Campaign.model_validate(data)
    except ValidationError as error:
        raise CampaignError("\n".join(f"{origin}: {line}" for line in _sentences(error, Campaign))) from None


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise CampaignError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CampaignError(f"{file}: is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise CampaignError(
            f"{file}: found {type(data).__name__}, expected fields such as name, source, recipes, output"
        )
    return data


def _anchored(data: dict[str, Any], base: Path) -> dict[str, Any]:
    """Relative paths made absolute against the campaign's folder; odd types are left for pydantic to
    refuse."""
    data = dict(data)
    if isinstance(data.get("output"), str):
        data["output"] = storage.absolute(data["output"], str(base))
    if isinstance(data.get("profile"), str) and data["profile"].endswith((".yaml", ".yml")):
        data["profile"] = storage.absolute(data["profile"], str(base))
    if isinstance(data.get("source"), dict):
        places = {
            k: storage.absolute(v, str(base))
            for k, v in data["source"].items()
            if k in ("folder", "table", "urls") and isinstance(v, str)
        }
        data["source"] = {**data["source"], **places}
    if isinstance(data.get("recipes"), list):
        data["recipes"] = [_anchored_recipe(recipe, str(base)) for recipe in data["recipes"]]
    return data


def _anchored_recipe(recipe: Any, base: str) -> Any:
    given = recipe.get("exemplar") if isinstance(recipe, dict) else None
    if not isinstance(given, dict | list):
        return recipe
    pairs = [
        {k: storage.absolute(v, base) if isinstance(v, str) and v else v for k, v in pair.items()}
        if isinstance(pair, dict)
        else pair
        for pair in (given if isinstance(given, list) else [given])
    ]
    return {**recipe, "exemplar": pairs}


def _sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    return [_sentence(problem, model) for problem in error.errors(include_url=False)]


def _sentence(problem: Any, model: type[BaseModel]) -> str:
    path = list(problem["loc"])
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".") or "campaign"
    if problem["type"] == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else "remove it"
        return f"{where}: found an unknown field, expected one of {', '.join(known)}; {advice}"
    if problem["type"] == "missing":
        return f"{where}: found nothing, expected a value: this field is required; add it"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where}: found {problem['input']!r}, expected: {message[0].lower() + message[1:]}"


def _fields_at(model: Any, path: list[Any]) -> list[str]:
    """Names of the fields of the model that ``path`` leads to."""
    for part in path:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return sorted(fields)
        model = _model_in(fields[part].annotation)
    return list(getattr(model, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = [arg for arg in get_args(annotation) if hasattr(arg, "model_fields")]
    return inner[0] if inner else annotation
