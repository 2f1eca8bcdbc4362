"""How a data set of pairs is made: models, filter bands, sizes. A YAML file; two come with the package.

``bundled`` runs offline on a laptop with this project's own small models; ``gpu`` names public ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from editcore.campaign import CampaignError
from editcore.sources.contents import sha256_of

HERE = Path(__file__).parent / "profiles"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Band(_Strict):
    """Which CLIP cosines of source and target picture are kept, both ends included."""

    low: float = Field(description="Below it the two pictures have too little in common.")
    high: float = Field(description="Above it nothing was edited: the target is a near-duplicate.")
    unit: Literal["cosine", "quantile"] = Field(
        default="cosine",
        description="cosine: the ends are cosines. quantile: shares of the pool's own pairs, 0..1, which fits any "
        "CLIP to its scale.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Band:
        lowest = 0.0 if self.unit == "quantile" else -1.0
        if not lowest <= self.low < self.high <= 1:
            raise ValueError(f"found {self.low}..{self.high}, expected {lowest:g} <= low < high <= 1")
        return self


class PairSettings(_Strict):
    """Everything that makes one data set another."""

    name: str = Field(description="Name shown on the page and in summary.json.")
    method: Literal["retrieval", "back-translation"] = Field(
        default="retrieval",
        description="Where targets come from: another photo that fits the edited caption, as iEdit has it; or each "
        "photo is the target itself, and its source is made of it.",
    )
    licence: str = Field(description="Licence of the models it uses.")
    side: int = Field(default=256, ge=32, le=2048, description="Side of stored pictures and masks, pixels.")
    latent_cell: int = Field(
        default=16,
        ge=1,
        description="Pixels of the stored picture that one latent cell covers; masks grow by one.",
    )
    fill: float = Field(
        default=0.66, gt=0, le=1, description="Share of the square that the product's longer side takes."
    )
    whole_settings: bool = Field(
        default=True,
        description="Pairs for another setting show the largest square of the photo that holds the product, much as "
        "editing does; off, they are framed around the product as all others are.",
    )
    captioner: Literal["tags", "blip"] = Field(
        default="tags", description="Who describes a picture without a caption: CLIP tags, or BLIP."
    )
    captioner_model: str | None = Field(default=None, description="Folder or model id of BLIP.")
    recaption: bool = Field(default=False, description="Describe every picture anew, as iEdit does.")
    clip: str = Field(
        default="bundled", description="The CLIP of retrieval: bundled, a folder, or open_clip's name."
    )
    clip_pretrained: str | None = Field(default=None, description="open_clip's tag or file of weights.")
    masker: Literal["product", "clipseg"] = Field(
        default="product", description="What the mask shows: the segmented product, or what the words lie on."
    )
    masker_model: str | None = Field(default=None, description="Folder or model id of CLIPSeg.")
    mask_threshold: float = Field(default=0.5, gt=0, lt=1, description="Where a soft mask becomes region.")
    device: str = Field(default="cpu", description="Where the models run.")
    batch_size: int = Field(default=16, ge=1, description="Pictures a model sees at once.")
    shard_size: int = Field(
        default=64, ge=1, le=10_000, description="Rows of one file; what a kill may cost."
    )
    edits_per_picture: int = Field(default=4, ge=1, le=32, description="Edit prompts tried for one picture.")
    neighbours: int = Field(default=32, ge=1, description="Nearest pictures looked at for one edit prompt.")
    reuse: int = Field(default=4, ge=1, description="How many pairs may share one target.")
    similarity: Band = Field(default=Band(low=0.6, high=0.9), description="Band of CLIP(source, target).")
    gain: float = Field(
        default=0.0, description="CLIP(edit prompt, target) - CLIP(edit prompt, source) must exceed it."
    )
    duplicate: float = Field(
        default=0.985,
        gt=0,
        le=1,
        description="Pictures of the pool with a higher cosine are one; the first is kept.",
    )
    agreement: Literal["none", "word", "product"] = Field(
        default="none",
        description="What the target's caption must say: nothing; the new word; or also the same product. For a CLIP "
        "too small to be believed alone.",
    )

    def identity(self) -> dict[str, Any]:
        """The settings, with the weights of the bundled CLIP by content, for the fingerprint."""
        from editcore.scoring import BUNDLED_CLIP

        facts = self.model_dump(mode="json")
        if self.clip == "bundled":
            facts["clip_weights"] = sha256_of(str(BUNDLED_CLIP / "open_clip_model.safetensors"))
        return facts


def load_settings(name: str) -> PairSettings:
    """The settings called ``name`` (``bundled``, ``gpu``) or in the YAML file ``name``.

    Raises ``CampaignError`` with one sentence a problem."""
    file = HERE / f"{name}.yaml"
    if not file.exists():
        file = Path(name)
    known = sorted(f.stem for f in HERE.glob("*.yaml"))
    if file.suffix not in (".yaml", ".yml") or not file.is_file():
        raise CampaignError(f"found no settings {name!r}; expected one of {known} or the path of a YAML file")
    try:
        return PairSettings.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except yaml.YAMLError as error:
        raise CampaignError(f"{file.name}: not a YAML file: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = [f"{file.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise CampaignError("\n".join(lines)) from None
