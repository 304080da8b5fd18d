"""A chart of Vega-Lite as a picture: a specification in, SVG out, without a script and without a network."""

from __future__ import annotations

import re
from typing import Any

import vl_convert

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't hold. A model may answer with one, and the renderer would end the whole process."""


def svg_of(spec: dict[str, Any]) -> str:
    """The picture; what can't be printed stands in it as �."""
    return vl_convert.vegalite_to_svg(_printable(spec))


def picture(spec: dict[str, Any], **_: Any) -> dict[str, str]:
    """A renderer of altair's: it stands in every reader of notebooks."""
    return {"image/svg+xml": svg_of(spec)}


def _printable(value: Any) -> Any:
    match value:
        case str():
            return _UNPRINTABLE.sub("\ufffd", value)
        case list():
            return [_printable(each) for each in value]
        case dict():
            return {_printable(key): _printable(each) for key, each in value.items()}
        case _:
            return value
