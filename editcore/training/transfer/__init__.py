"""Edit Transfer: its data and its training."""
