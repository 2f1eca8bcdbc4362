"""Latent diffusion models behind one interface, for sampling (``editors``) and for training (``training``)."""

from editcore.editors.backbones.base import Backbone, Condition, Prediction, Words
from editcore.editors.backbones.load import load_backbone

__all__ = ["Backbone", "Condition", "Prediction", "Words", "load_backbone"]
