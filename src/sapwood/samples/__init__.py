"""The sample data of the quickstart: CSV files under `sfquickstarts/`, laid out as the public bucket of that name.

`compose.py` made them; nothing here runs in normal use.
"""
