"""What a Streamlit cell drew, as HTML that needs no script and no network: AppTest's tree in, text out.

Widgets are drawn with the value that they have. An element without a drawing here is named in its place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import mistune
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from sapwood.notebook.chart import svg_of
from sapwood.notebook.table import html_of

_STYLE = """<style>
.sapwood-screen{font-family:system-ui,sans-serif;line-height:1.5;max-width:60rem}
.sapwood-screen h1,.sapwood-screen h2,.sapwood-screen h3{margin:.6rem 0 .4rem}
.sapwood-screen p{margin:.3rem 0}.sapwood-screen svg,.sapwood-screen img{max-width:100%;height:auto}
.sapwood-screen .row{display:flex;gap:1rem;flex-wrap:wrap}.sapwood-screen .row>*{flex:1 1 12rem;min-width:0}
.sapwood-screen .box{border:1px solid #8886;border-radius:.5rem;padding:.6rem .9rem;margin:.5rem 0}
.sapwood-screen .field{margin:.5rem 0}.sapwood-screen .label{font-size:.8rem;opacity:.75}
.sapwood-screen .value{border:1px solid #8886;border-radius:.4rem;padding:.35rem .6rem;white-space:pre-wrap;min-height:1.5em}
.sapwood-screen .button{display:inline-block;border:1px solid #8888;border-radius:.4rem;padding:.3rem .9rem;margin:.4rem 0}
.sapwood-screen .small{font-size:.85rem;opacity:.75}.sapwood-screen .big{font-size:1.8rem}
.sapwood-screen .success{border-left:.3rem solid #2e7d32}.sapwood-screen .info{border-left:.3rem solid #1565c0}
.sapwood-screen .warning{border-left:.3rem solid #b26a00}.sapwood-screen .error,.sapwood-screen .exception{border-left:.3rem solid #c62828}
</style>"""


@dataclass(frozen=True)
class Media:
    """The pictures that a run of a cell left in Streamlit's stores."""

    stores: list[Any] = field(default_factory=list[Any])

    def picture(self, url: str) -> str:
        """The picture behind Streamlit's address, as an address that holds it whole; '' if it is gone."""
        for store in self.stores:
            file = store.get_file(url.rpartition("/")[2])
            return f"data:{file.mimetype};base64,{base64.b64encode(file.content).decode()}"
        return ""


def draw(block: Any, media: Media) -> str:
    """A whole screen; '' if nothing is on it."""
    inside = _children(block, media)
    return f'{_STYLE}<div class="sapwood-screen">{inside}</div>' if inside else ""


def _children(block: Any, media: Media) -> str:
    return "".join(_node(child, media) for child in block.children.values())


def _node(node: Any, media: Media) -> str:
    if hasattr(node, "children"):
        return _block(node, _children(node, media))
    if node.type == "image":
        return _picture(node, media)
    element = _ELEMENTS.get(node.type)
    if element is not None:
        return element(node)
    label = getattr(node, "label", None)
    return _field(node) if label is not None else f'<p class="small">[{escape(str(node.type))}: not drawn here]</p>'


def _block(node: Any, inside: str) -> str:
    """A container, with its label where it has one. Columns stand side by side."""
    label = f"<b>{escape(str(node.label))}</b>" if getattr(node, "label", "") else ""
    if not inside and not label:
        return ""
    kinds = {getattr(child, "type", "") for child in node.children.values()}
    if kinds == {"column"}:
        return f'<div class="row">{inside}</div>'
    return f'<div class="box">{label}{inside}</div>' if label or node.type == "chat_message" else f"<div>{inside}</div>"


def _markdown(text: str) -> str:
    """Markdown with HTML shown as text: a model may have written it."""
    return str(mistune.create_markdown(escape=True, plugins=["table", "strikethrough", "url"])(text))


def _heading(tag: str) -> Callable[[Any], str]:
    return lambda node: f"<{tag}>{escape(str(node.value))}</{tag}>"


def _alert(kind: str) -> Callable[[Any], str]:
    return lambda node: f'<div class="box {kind}">{_markdown(str(node.value))}</div>'


def _exception(node: Any) -> str:
    return f'<div class="box exception">{escape(str(node.message))}</div>'


def _code(node: Any) -> str:
    return f"<pre><code>{escape(str(node.value))}</code></pre>"


def _json(node: Any) -> str:
    return f"<pre>{escape(json.dumps(json.loads(node.value), indent=2, ensure_ascii=False))}</pre>"


def _metric(node: Any) -> str:
    delta = f' <span class="small">{escape(str(node.delta))}</span>' if node.delta else ""
    return f'<div class="field"><div class="label">{escape(str(node.label))}</div><div class="big">{escape(str(node.value))}{delta}</div></div>'


def _field(node: Any) -> str:
    """A widget, with the value that it has."""
    value = getattr(node, "value", None)
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return f'<div class="field"><div class="label">{escape(str(node.label))}</div><div class="value">{escape(shown)}</div></div>'


def _button(node: Any) -> str:
    return f'<div><span class="button">{escape(str(node.label))}</span></div>'


_CHART = {"width": 640, "height": 320}
"""Pixels of a side that Streamlit stretches in the browser."""


def _chart(node: Any) -> str:
    """A chart of Vega-Lite, as a picture."""
    proto = node.proto
    spec: dict[str, Any] = json.loads(proto.spec)
    sets = {item.name: _records(item.data.data) for item in proto.datasets}
    if proto.HasField("data"):
        spec["data"] = {"values": _records(proto.data.data)}
    spec["datasets"] = {**spec.get("datasets", {}), **sets}
    spec.setdefault("width", 0)
    stretched = {side: size for side, size in _CHART.items() if spec.get(side) in (0, "container")}
    return svg_of({**spec, **stretched})


def _records(arrow: bytes) -> list[dict[str, Any]]:
    frame = convert_arrow_bytes_to_pandas_df(arrow)
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def _picture(node: Any, media: Media) -> str:
    return "".join(f'<img alt="" src="{media.picture(image.url)}">' for image in node.proto.imgs)


_ELEMENTS: Mapping[str, Callable[[Any], str]] = {
    "title": _heading("h1"),
    "header": _heading("h2"),
    "subheader": _heading("h3"),
    "markdown": lambda node: _markdown(str(node.value)),
    "caption": lambda node: f'<div class="small">{_markdown(str(node.value))}</div>',
    "text": lambda node: f"<pre>{escape(str(node.value))}</pre>",
    "latex": _code,
    "code": _code,
    "json": _json,
    "html": lambda node: str(node.value),
    "divider": lambda node: "<hr>",
    "space": lambda node: "<br>",
    "metric": _metric,
    "progress": lambda node: f'<progress max="100" value="{int(node.value)}"></progress>',
    "dataframe": lambda node: html_of(node.value),
    "table": lambda node: html_of(node.value),
    "vega_lite_chart": _chart,
    "button": _button,
    "download_button": _button,
    "link_button": _button,
    "exception": _exception,
    **{kind: _alert(kind) for kind in ("success", "info", "warning", "error")},
}
"""How each element is drawn; a widget that is not here is its label and its value."""
