"""The SQL functions that ask a model: one declaration each, with its prompt. Sees no SQL engine."""
