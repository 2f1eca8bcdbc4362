"""Losses of weakly supervised editing, one file each with its equation; ``objective`` adds them up."""

from editcore.training.losses.masked import masked_loss
from editcore.training.losses.objective import Objective, ObjectiveConfig, Pairs
from editcore.training.losses.paired import consistent_output, paired_loss

__all__ = ["Objective", "ObjectiveConfig", "Pairs", "consistent_output", "masked_loss", "paired_loss"]
