"""Model names, sources, digests and files."""
