"""Editing engines: the contract (``base``), composition at full resolution, and the engines themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from editcore.editors.base import Editor


def load_editor(profile: Any) -> Editor:
    """The bundled engine with the options of ``profile`` (an ``editcore.profiles.Profile``)."""
    from editcore.editors.bundled import BundledEditor

    return BundledEditor(**profile.options)


def load_diffusion(profile: Any) -> Editor:
    """``diffusion.DiffusionEditor`` on the profile's checkpoint and adapters, with its options."""
    from editcore.editors.diffusion import DiffusionEditor

    return DiffusionEditor(profile.checkpoint_folder(), adapters=profile.adapters, **profile.options)


def load_public(profile: Any) -> Editor:
    """``public.PublicEditor`` on the profile's checkpoint and adapters, with its options."""
    from editcore.editors.public import PublicEditor

    return PublicEditor(profile.checkpoint_folder(), adapters=profile.adapters, **profile.options)


def load_transfer(profile: Any) -> Editor:
    """``transfer.engine.TransferEditor`` with the profile's adapters and options for it."""
    from editcore.editors.transfer.engine import TransferEditor

    return TransferEditor(adapters=profile.transfer_adapters, **_transfer_options(profile))


def load_public_transfer(profile: Any) -> Editor:
    """The same engine around the profile's checkpoint, FLUX.1-dev, with a LoRA in the published format."""
    from editcore.editors.transfer.flux import load_flux_editor

    return load_flux_editor(
        profile.checkpoint_folder(), profile.transfer_adapters, **_transfer_options(profile)
    )


def _transfer_options(profile: Any) -> dict[str, Any]:
    """The options of the transfer engine; ``pick: scorer`` makes the CLIP of the scorer the judge of seeds."""
    options = dict(profile.transfer_options)
    pick = options.pop("pick", "agreement")
    if pick == "agreement":
        return options
    clip = profile.attribute("scorer")(**profile.scorer_options).clip if pick == "scorer" else None
    if clip is None:
        raise ValueError(
            f"profile {profile.name}: found transfer_options.pick: {pick!r}; expected agreement, or scorer with a "
            "scorer that has a CLIP model"
        )
    return options | {"judge": clip.images}
