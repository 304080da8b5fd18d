"""SQL text in, statements out. Pure: no I/O, and the only room that sees sqlglot."""
