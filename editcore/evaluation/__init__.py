"""How good is an editor? Rows of methods over cases with exact targets, in a table that one command makes again.

``cases`` (the studio) and ``pie_bench`` (the published benchmark) say what is asked; ``rows`` and ``methods`` say who
edits it; ``measures`` turns pictures into the columns of ``columns``; ``run`` goes through rows, kinds and seeds and
can be killed at any moment; ``summary``, ``agreement`` and ``page`` say what came out; ``human`` asks people. Only the
command line imports this package.
"""
