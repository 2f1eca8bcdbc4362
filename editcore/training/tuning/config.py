"""What to tune, on what, for how long: a YAML file, every field described and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from editcore.lexicon import parse
from editcore.training.losses import ObjectiveConfig


class TuningError(ValueError):
    """The file cannot be used; one sentence a problem."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lora(_Strict):
    """The adapter (Hu et al. 2021, arXiv 2106.09685): ``W + alpha / rank B A`` beside frozen weights."""

    rank: int = Field(default=16, ge=1, le=512, description="Rank of A and B.")
    alpha: int | None = Field(
        default=None, ge=1, description="Scale; the update is multiplied by alpha / rank. Default: the rank."
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout before A.")
    layers: Literal["attention", "blocks", "all"] | list[str] = Field(
        default="attention",
        description="Which layers get one: attention projections, every linear layer inside the transformer blocks, "
        "all linear and convolution layers, or ends of layer names.",
    )


class Starts(_Strict):
    """Where the noisy latents of training come from; the three are made to sum to 1."""

    source: float = Field(
        default=1.0, ge=0, description="Share of noised sources: where sampling with partial noise starts."
    )
    target: float = Field(
        default=0.0, ge=0,
        description="Share of noised goals, ordinary denoising: for models that see the source as a condition.",
    )  # fmt: skip
    path: float = Field(
        default=0.0, ge=0,
        description="Share of latents between the two, which a sampler meets after starting from a noised source.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _something(self) -> Starts:
        if not self.source + self.target + self.path:
            raise ValueError("source, target and path are all 0; expected at least one share above 0")
        return self


class Times(_Strict):
    """Which noise levels are trained; t is 0 for clean latents, 1 for noise."""

    low: float = Field(default=0.02, ge=0, lt=1, description="Smallest t.")
    high: float = Field(
        default=1.0, gt=0, le=1, description="Largest t; the strength of editing, or a bit more."
    )
    centre: float | None = Field(
        default=None,
        description="None: uniform. A number m: t = sigmoid(N(m, 1)) stretched to low..high (Esser et al. 2024, "
        "arXiv 2403.03206, eq. 19); 0 prefers the middle, larger m more noise.",
    )
    noise_alone: float = Field(
        default=0.0, ge=0, le=1,
        description="Share of rows at `high` itself: where sampling in one or two steps begins.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _ordered(self) -> Times:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; expected low below high")
        return self


class Previews(_Strict):
    """Edits of a few pairs, drawn at every evaluation with the same seeds."""

    count: int = Field(default=6, ge=0, le=64, description="How many pairs; 0 draws none.")
    steps: int = Field(default=8, ge=1, description="Sampling steps.")
    guidance: float = Field(default=2.0, ge=1, description="Guidance scale; 1 is none.")
    strength: float = Field(
        default=0.8, gt=0, le=1, description="Time at which sampling starts; 1 is pure noise."
    )


class TuningConfig(_Strict):
    """One run of ``vitrine train tune``."""

    model: Path = Field(description="Diffusers folder of the model to tune.")
    variant: str | None = Field(default=None, description="Variant in the names of its files, e.g. fp16.")
    pairs: Path = Field(description="Folder of pseudo-pairs, made by `vitrine pairs`.")
    output: Path = Field(description="Folder for checkpoint, log, curves, previews and the result.")
    method: Literal["lora", "full"] = Field(
        default="lora", description="Train an adapter, or every weight of the denoiser."
    )
    lora: Lora = Field(default=Lora(), description="The adapter, for method lora.")
    losses: ObjectiveConfig = Field(
        default=ObjectiveConfig(), description="Which losses, with which weights."
    )
    targets: Literal["retrieved", "composed", "named"] = Field(
        default="retrieved",
        description="What is asked for: the pseudo-target as it was found; the source's product in its setting or "
        "colours; or the same with colours that the lexicon knows taken from there. Targets of back-translation are "
        "taken as they are.",
    )
    starts: Starts = Field(default=Starts(), description="What is noised.")
    times: Times = Field(default=Times(), description="Which noise levels.")
    words: Literal["edit_prompt", "new", "instruction"] = Field(
        default="edit_prompt",
        description="What the model reads: the whole edited caption, the words put in, or an instruction as the "
        "lexicon hands it to the bundled model.",
    )
    no_words: float = Field(
        default=0.1, ge=0, lt=1, description="Share of rows trained without words, for guidance."
    )
    cut_out: list[str] = Field(
        default=[],
        description="Kinds of swap whose condition shows the source with its region grey, as the bundled model "
        "expects of backgrounds ([setting]).",
    )
    batch_size: int = Field(default=1, ge=1, description="Pairs a batch.")
    accumulate: int = Field(default=4, ge=1, description="Batches a step.")
    learning_rate: float = Field(default=1e-4, gt=0, description="Highest learning rate.")
    warmup_steps: int = Field(default=60, ge=1, description="Steps until it is reached.")
    minutes: float = Field(default=60, gt=0, description="Training time in all, over all resumes.")
    steps: int | None = Field(default=None, ge=1, description="Stop after as many steps if that comes first.")
    evaluate_minutes: float = Field(default=5, gt=0, description="Minutes between evaluations with previews.")
    held_out: float = Field(
        default=0.05, ge=0, le=0.5,
        description="Share of pairs never trained on, chosen by their id, for evaluation and previews.",
    )  # fmt: skip
    evaluation_pairs: int = Field(default=32, ge=1, description="How many of them an evaluation looks at.")
    previews: Previews = Field(default=Previews(), description="Edits drawn as training goes.")
    precision: Literal["bf16", "fp32"] = Field(
        default="bf16", description="Of arithmetic and of frozen weights; trained weights are always float32."
    )
    gradient_checkpointing: bool = Field(
        default=True, description="Compute activations twice to keep fewer: a third slower, much less memory."
    )
    latent_cache_gb: float = Field(
        default=2.0, ge=0, description="Main memory for encoded pairs; what fits is encoded once."
    )
    device: str = Field(default="auto", description="auto takes a GPU if there is one; or cpu, cuda, cuda:1.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes on a CPU, one thread each; 1 on a GPU."
    )
    seed: int = Field(default=0, ge=0, description="Of weights, order and noise.")

    @field_validator("cut_out")
    @classmethod
    def _kinds(cls, value: list[str]) -> list[str]:
        known = {"noun", "colour", "material", "pattern", "setting"}
        if set(value) - known:
            raise ValueError(f"found {sorted(set(value) - known)}, expected kinds among {sorted(known)}")
        return value

    def text(self, pair: Any) -> str:
        """What the model reads for a pair."""
        return instruction(pair) if self.words == "instruction" else str(getattr(pair, self.words))


def instruction(pair: Any) -> str:
    """The edit as a merchandiser would ask for it, normalised: "make it navy", "on oak in front of a sage wall"."""
    if pair.kind == "setting":
        return parse(pair.edit_prompt, "background").words
    return parse(f"make it {pair.new}", "product").words


def load_config(file: Path) -> TuningConfig:
    """The checked configuration; relative paths count from the file. ``TuningError`` says what is wrong where."""
    if not file.is_file():
        raise TuningError(f"found no file {file}; expected a YAML file as docs/training.md shows")
    try:
        given = yaml.safe_load(file.read_text("utf-8"))
        config = TuningConfig.model_validate(given)
    except yaml.YAMLError as error:
        raise TuningError(f"{file}: not YAML: {error}") from error
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise TuningError("\n".join(f"{file}: {problem}" for problem in problems)) from error
    here = file.resolve().parent
    return config.model_copy(
        update={name: here / getattr(config, name) for name in ("model", "pairs", "output")}
    )
