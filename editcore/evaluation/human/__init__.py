"""What people say: a blinded sheet of pairs (``sheet``), and the count of their answers (``tally``)."""
