"""Plans in, results out. The only room that sees DuckDB."""
