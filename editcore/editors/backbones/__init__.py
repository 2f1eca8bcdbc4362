"""Latent diffusion models behind one interface, for sampling (``editors``) and for training (``training``)."""

from editcore.editors.backbones.base import Backbone, Condition, Prediction, Words

__all__ = ["Backbone", "Condition", "Prediction", "Words"]
