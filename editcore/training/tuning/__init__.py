"""Tuning of any backbone on pairs: an adapter or the whole denoiser, resumable, watched as it goes.

tune(load_config(Path("tune.yaml")))      # the folder of the adapter, or of the model
"""

from editcore.training.tuning.config import TuningConfig, TuningError, load_config
from editcore.training.tuning.job import TuningJob, tune

__all__ = ["TuningConfig", "TuningError", "TuningJob", "load_config", "tune"]
