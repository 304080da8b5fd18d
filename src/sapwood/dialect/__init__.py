"""SQL text in, statements out. Pure: no I/O, and the only room that sees sqlglot."""

from sapwood.dialect.compile import compile_statement, split

__all__ = ["compile_statement", "split"]
