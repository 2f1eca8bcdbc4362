"""How well a before/after pair is followed, where the right answer is known."""
