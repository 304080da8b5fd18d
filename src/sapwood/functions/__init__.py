"""The SQL functions that ask a model: one declaration each, with its prompt. Sees no SQL engine."""

from __future__ import annotations

from sapwood.functions.classify import AI_CLASSIFY, AI_CLASSIFY_PROMPT, CLASSIFY_TEXT
from sapwood.functions.complete import AI_COMPLETE, COMPLETE, TRY_COMPLETE
from sapwood.functions.count_tokens import ai_count_tokens, count_tokens
from sapwood.functions.embed import AI_EMBED, AI_SIMILARITY, EMBED_TEXT_768, EMBED_TEXT_1024
from sapwood.functions.error_results import AI_NULL_IF_ERROR, AI_THROW_IF_ERROR
from sapwood.functions.extract import AI_EXTRACT, EXTRACT_ANSWER
from sapwood.functions.filter import AI_FILTER
from sapwood.functions.missing import MISSING_FUNCTIONS
from sapwood.functions.redact import AI_REDACT
from sapwood.functions.sentiment import AI_SENTIMENT, ENTITY_SENTIMENT, SENTIMENT
from sapwood.functions.split_text import SPLIT_TEXT_MARKDOWN_HEADER, SPLIT_TEXT_RECURSIVE_CHARACTER
from sapwood.functions.summarize import AI_AGG, AI_SUMMARIZE, AI_SUMMARIZE_AGG, SUMMARIZE
from sapwood.functions.translate import AI_TRANSLATE, TRANSLATE

COUNTED = (
    COMPLETE,
    TRY_COMPLETE,
    AI_COMPLETE,
    CLASSIFY_TEXT,
    AI_CLASSIFY,
    AI_CLASSIFY_PROMPT,
    AI_FILTER,
    SENTIMENT,
    ENTITY_SENTIMENT,
    AI_SENTIMENT,
    EXTRACT_ANSWER,
    AI_EXTRACT,
    TRANSLATE,
    AI_TRANSLATE,
    SUMMARIZE,
    AI_SUMMARIZE,
    AI_SUMMARIZE_AGG,
    AI_AGG,
    AI_REDACT,
    EMBED_TEXT_768,
    EMBED_TEXT_1024,
    AI_EMBED,
    AI_SIMILARITY,
    SPLIT_TEXT_RECURSIVE_CHARACTER,
    SPLIT_TEXT_MARKDOWN_HEADER,
    AI_NULL_IF_ERROR,
    AI_THROW_IF_ERROR,
)
"""Every function of ours but those that count these ones' tokens; a new one is a file and a place in this tuple."""
COUNT_TOKENS, AI_COUNT_TOKENS = count_tokens(COUNTED), ai_count_tokens(COUNTED)

FUNCTIONS = (*COUNTED, COUNT_TOKENS, AI_COUNT_TOKENS, *MISSING_FUNCTIONS)
"""Every name that can be called, those that only say that they are not there yet too."""
