"""The story of the quickstart, run for real: statements in order, figures, pictures, one closing table.

`story.py` has the statements, `run.py` tells them; it works through a connection only, as a user does.
"""
