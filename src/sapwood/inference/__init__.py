"""Requests in, completions out, in any order. Knows no SQL and no HTTP server."""
