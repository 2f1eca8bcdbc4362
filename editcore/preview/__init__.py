"""A look at a recipe before the night: what its pair or words seem to ask for, and what comes of it."""
