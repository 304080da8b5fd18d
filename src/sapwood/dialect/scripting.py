"""Blocks of scripting: where one ends. They are not run here, but a block's semicolons must not tear it apart.

Comes in: the words of a statement so far, in upper case. Source: the vendor's page "Understanding blocks".
"""

from __future__ import annotations

from collections.abc import Sequence

STARTS = ("BEGIN", "DECLARE")
_OF_TRANSACTIONS = ("TRANSACTION", "WORK", "NAME")
_OTHER_ENDS = ("IF", "FOR", "WHILE", "LOOP", "REPEAT")
"""What an END closes that no BEGIN or CASE opened."""


def is_block(words: Sequence[str]) -> bool:
    """Whether a statement is a block rather than the beginning of a transaction.

    >>> is_block(["BEGIN"]), is_block(["BEGIN", "TRANSACTION"]), is_block(["BEGIN", "LET", "X"])
    (False, False, True)
    """
    return words[:1] == ["DECLARE"] or (words[:1] == ["BEGIN"] and len(words) > 1 and words[1] not in _OF_TRANSACTIONS)


def is_open(words: Sequence[str]) -> bool:
    """Whether a statement is a block that has not ended yet.

    >>> is_open(["BEGIN", "RETURN", "1"]), is_open(["BEGIN", "RETURN", "1", "END"]), is_open(["DECLARE", "X", "INT"])
    (True, False, True)
    """
    if not is_block(words):
        return False
    depth = 0
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        depth += word in ("BEGIN", "CASE") and before != "END"
        depth -= word == "END" and after not in _OTHER_ENDS
    return depth > 0 or "BEGIN" not in words
