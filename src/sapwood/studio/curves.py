"""Charts of a fine-tune: its losses, its shares of right answers, and a confusion matrix. Points in, Altair charts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import altair as alt
import pandas as pd

from sapwood.studio.job import Point
from sapwood.studio.memory import Row

HEIGHT = 260
OTHER = "(other)"
"""Where answers stand that are no label."""
_NAMES = {"exact_match": "Right", "macro_f1": "Macro-F1", "training": "Training", "validation": "Validation"}


def progress_chart(points: Iterable[Point], *, is_share: bool = False) -> alt.Chart | None:
    """Values over the share of the work that is done, a line a part; None if there are none."""
    frame = pd.DataFrame(asdict(point) for point in points)
    if frame.empty:
        return None
    frame["part"] = frame["part"].replace(_NAMES)
    style = alt.Axis(format="%", tickCount=5) if is_share else alt.Axis(tickCount=5)
    scale = alt.Scale(domain=[0, 1]) if is_share else alt.Scale(zero=True)
    done = alt.X("at:Q", title=None, axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1]))
    return (
        alt.Chart(frame, height=HEIGHT)
        .mark_line(point=len(frame) < 40)
        .encode(
            x=done,
            y=alt.Y("value:Q", title=None, axis=style, scale=scale),
            color=alt.Color("part:N", legend=alt.Legend(orient="top", title=None)),
            tooltip=[alt.Tooltip("at:Q", format=".0%"), alt.Tooltip("value:Q", format=".3f"), "part"],
        )
    )


def matrix(rows: Sequence[Row]) -> alt.LayerChart | alt.FacetChart:
    """Labels against answers, a square a pair; answers that are no label are put together."""
    labels = sorted({str(row["TRUE_LABEL"]) for row in rows})
    frame = pd.DataFrame(
        {
            "Label": str(row["TRUE_LABEL"]),
            "Answer": str(row["ANSWER"]) if row["ANSWER"] in labels else OTHER,
            "Rows": int(row["EVALUATED_ROWS"]),
        }
        for row in rows
    )
    frame = frame.groupby(["Label", "Answer"], as_index=False).sum()
    answers = [*labels, OTHER] if OTHER in set(frame["Answer"]) else labels
    base = alt.Chart(frame, height=alt.Step(34)).encode(
        x=alt.X(
            "Answer:N",
            sort=answers,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=30, labelLimit=110, labelOverlap=False),
        ),
        y=alt.Y("Label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=130)),
        tooltip=["Label", "Answer", "Rows"],
    )
    squares = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color("Rows:Q", scale=alt.Scale(scheme="greens"), legend=None)
    )
    dark = alt.datum["Rows"] > int(frame["Rows"].max()) / 2
    return squares + base.mark_text().encode(
        text="Rows:Q", color=alt.condition(dark, alt.value("white"), alt.value("black"))
    )
