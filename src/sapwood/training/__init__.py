"""Rows of prompt and completion in, an adapter out. `train.py` reads from top to bottom."""
