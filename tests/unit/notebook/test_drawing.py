"""What a Streamlit cell draws, as HTML."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("vl_convert", reason="the extra [notebook] is not installed")
interactive = pytest.importorskip("IPython.core.interactiveshell", reason="the extra [notebook] is not installed")

from sapwood.errors import NotebookError  # noqa: E402
from sapwood.notebook import screen  # noqa: E402
from sapwood.notebook.chart import svg_of  # noqa: E402

STYLE = re.compile("<style>.*?</style>", re.DOTALL)
HEAD = "import streamlit as st, pandas as pd\n"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was displayed."""
    seen: list[str] = []
    monkeypatch.setattr(screen, "display", lambda html: seen.append(STYLE.sub("", html.data)))
    return seen


@pytest.fixture(scope="module")
def shell() -> Any:
    return interactive.InteractiveShell()


def play(shell: Any, code: str, *clicks: str, state: dict[str, Any] | None = None) -> Any:
    return screen.perform(shell, HEAD + code, clicks=clicks, state={} if state is None else state)


def test_a_button_runs_the_cell_again_in_the_notebooks_variables(shell: Any, shown: list[str]) -> None:
    code = "name = st.text_input('Name', 'Ada')\nif st.button('Go'):\n    st.write(f'**{name}**')\n    pressed = True"
    play(shell, code, "Go")
    assert "<strong>Ada</strong>" in shown[0] and '<span class="button">Go</span>' in shown[0]
    assert shell.user_ns["pressed"] is True


def test_a_button_that_is_not_there_is_told(shell: Any, shown: list[str]) -> None:
    with pytest.raises(NotebookError, match="There is no button 'Stop'\nHint: The buttons of this cell: 'Go'"):
        play(shell, "st.button('Go')", "Stop")


def test_what_a_cell_remembers_goes_on_to_the_next(shell: Any, shown: list[str]) -> None:
    state: dict[str, Any] = {}
    play(shell, "st.session_state['n'] = 1", state=state)
    play(shell, "st.text(st.session_state['n'] + 1)", state=state)
    assert "<pre>2</pre>" in shown[0]


def test_the_last_value_comes_back_and_an_error_is_raised(shell: Any, shown: list[str]) -> None:
    assert play(shell, "st.title('x')\n1 + 1") == 2
    assert play(shell, "st.title('x')") is None
    with pytest.raises(ZeroDivisionError):
        play(shell, "st.title('before')\n1 / 0")
    assert shown[-1] == '<div class="sapwood-screen"><h1>before</h1></div>'


def test_texts_are_never_markup(shell: Any, shown: list[str]) -> None:
    code = "bad = '<script>x</script>'\nst.write(bad); st.caption(bad); st.title(bad); st.info(bad)\nst.dataframe(pd.DataFrame({bad: [bad]}))"
    play(shell, code)
    assert "<script" not in shown[0] and shown[0].count("&lt;script&gt;") >= 6


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("st.bar_chart({'a': [1, 2]})", "<svg"),
        ("st.bar_chart({'a': [1, 2]}, height=90)", 'height="90"'),
        ("st.metric('Rows', 7, 2)", '<div class="label">Rows</div><div class="big">7'),
        ("st.json({'a': [1]})", "&quot;a&quot;"),
        ("a, b = st.columns(2)\na.text('l')\nb.text('r')", '<div class="row">'),
        ("with st.status('Busy') as s:\n    s.caption('one')\n    s.update(label='Done!')", "<b>Done!</b>"),
        ("st.expander('Nothing in it')", "<b>Nothing in it</b>"),
        ("st.selectbox('Pick', ['x', 'y'])", '<div class="label">Pick</div><div class="value">x</div>'),
        ("st.map(pd.DataFrame({'lat': [1.0], 'lon': [1.0]}))", "not drawn here"),
    ],
)
def test_elements(shell: Any, shown: list[str], code: str, expected: str) -> None:
    play(shell, code)
    assert expected in shown[0]


def test_a_figure_is_in_the_page(shell: Any, shown: list[str]) -> None:
    pytest.importorskip("matplotlib")
    play(shell, "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nst.pyplot(f)")
    assert 'src="data:image/png;base64,' in shown[0]


def test_a_stretched_chart_has_a_size(shell: Any, shown: list[str]) -> None:
    play(shell, "st.bar_chart({'a': [1, 2]})")
    sides = re.search(r'<svg[^>]*width="(\d+)" height="(\d+)"', shown[0])
    assert sides is not None and int(sides[1]) >= 640 and int(sides[2]) >= 320


@pytest.mark.parametrize("text", ["\x00", "\x1b[0m", "\ud83d", "\x07"])
def test_a_chart_of_texts_that_no_picture_can_hold_is_drawn(text: str) -> None:
    rows = [{"ANSWER": f"no {text}", "COUNT": 1}]
    encoding = {"y": {"field": "ANSWER", "type": "nominal"}, "x": {"field": "COUNT", "type": "quantitative"}}
    svg = svg_of({"data": {"values": rows}, "mark": "bar", "encoding": encoding})
    assert "no \ufffd" in svg
