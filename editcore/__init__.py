"""The library: images, models, manifests. Imports neither Prefect nor ``flows``/``tasks``."""
