"""The vendor's functions that are not served: their names, and what to do without them.

Comes in: the name of a function that is none of ours. Goes out: an error that says why, or nothing if the vendor has no such function
either, as far as is known. Source: the vendor's page "All functions".
"""

from __future__ import annotations

import re

from sapwood.errors import UnsupportedError

_GROUPS = {
    r"(ST|H3)_\w+|(TRY_)?TO_GEO(GRAPHY|METRY)": "There are no geospatial types; HAVERSINE gives distances on the earth.",
    r"MAP_(CAT|CONTAINS_KEY|DELETE|INSERT|KEYS|PICK|SIZE)": "There is no type MAP; an OBJECT has functions of its own.",
    r"(CHECK|PARSE|TRY_PARSE|TO)_XML|XMLGET": "There is no XML; JSON is served.",
    r"HLL_(ACCUMULATE|COMBINE|ESTIMATE|EXPORT|IMPORT)": "APPROX_COUNT_DISTINCT estimates at once.",
    r"APPROX_(PERCENTILE|TOP_K)_(ACCUMULATE|COMBINE|ESTIMATE)": "APPROX_PERCENTILE and APPROX_TOP_K estimate at once.",
    r"MINHASH(_COMBINE)?|APPROXIMATE_(JACCARD_INDEX|SIMILARITY)": "ARRAY_INTERSECTION of ARRAY_UNIQUE_AGGs counts exactly.",
    r"(TRY_)?(EN|DE)CRYPT(_RAW)?|COMPRESS|DECOMPRESS_(BINARY|STRING)": "Nothing is packed or encrypted by SQL here.",
    r"(AS|IS)_(BINARY|DATE(_VALUE)?|TIME|TIMESTAMP_(LTZ|NTZ|TZ))": "Such a value in a VARIANT is a text here; cast it, as in v::DATE.",
    r"COLLAT(E|ION)": "Texts are compared by Unicode's order; compare LOWER(a) and LOWER(b).",
    r"IS_(DATABASE_|APPLICATION_)?ROLE_IN_SESSION|INVOKER_(ROLE|SHARE)|IS_GRANTED_TO_INVOKER_ROLE": "CURRENT_ROLE() tells the role.",
    r"SYSTEM\$\w+": "There is no such service here.",
    r"(TRY_)?PARSE_IP|SOUNDEX_P123|ZIPF|(TRY_)?VALIDATE_UTF8|LAST_TRANSACTION|ALL_USER_NAMES|GENERATE_COLUMN_DESCRIPTION"
    r"|(TRY_)?TO_(QUERY|INTERVAL)|GET_OBJECT_REFERENCES|SEARCH(_IP)?|BUILD_(STAGE|SCOPED)_FILE_URL|GET_PRESIGNED_URL": "",
}
"""Patterns of names, and what can be done instead."""


def unserved(name: str) -> UnsupportedError | None:
    """The error for a function that the vendor has and we have not.

    >>> unserved("ST_MAKEPOINT").msg
    "SQL compilation error:\\nUnsupported feature 'function ST_MAKEPOINT'."
    """
    for pattern, hint in _GROUPS.items():
        if re.fullmatch(pattern, name):
            return UnsupportedError(f"SQL compilation error:\nUnsupported feature 'function {name}'.", hint=hint)
    return None
