"""Size and speed: what a night costs around the model. Figures and commands: docs/scale.md."""
