"""Create custom LLM: nine short steps to a fine-tuning job, and a way in for those who have no labels yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from sapwood.studio import job, places, running, shown
from sapwood.studio.choices import ANSWERS, PROMPTS, choose, choose_table, likely
from sapwood.studio.door import Door
from sapwood.studio.running import Line
from sapwood.studio.sql import path
from sapwood.studio.tuning import OTHER, SAMPLE_ROWS, VALIDATIONS, Draft, Labelling, facts, rows_of, tokens, warnings

PREVIEW_ROWS = 20
"""Labels that are shown before the rest is labelled."""
NO_LABELS = "My rows have no labels yet"


@dataclass
class Progress:
    """How far somebody is: the step from 0, what was chosen, and the job once it was started."""

    step: int = 0
    draft: Draft = Draft()
    job_id: str = ""
    is_labelling: bool = False
    labelling: Line = field(default_factory=Line)


def begin_from(draft: Draft, *, prompt: str, completion: str) -> None:
    """Begin anew, with some of the choices made already."""
    st.session_state["wizard"] = Progress(draft=replace(draft, prompt=prompt, completion=completion))


def begin_labelling() -> None:
    """Begin anew where a teacher writes the labels."""
    st.session_state["wizard"] = Progress(is_labelling=True)


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Create custom LLM", "Tune a small model on your own rows. Nothing runs before the last step.")
    progress: Progress = st.session_state.setdefault("wizard", Progress())
    with shown.trying():
        if progress.job_id:
            _started(progress, links)
        elif progress.is_labelling:
            _label(door, progress)
        else:
            _step(door, progress)


def _step(door: Door, progress: Progress) -> None:
    step = _STEPS[progress.step]
    st.progress((progress.step + 1) / len(_STEPS), text=f"Step {progress.step + 1} of {len(_STEPS)} · {step.title}")
    with st.container(border=True):
        st.subheader(step.title, anchor=False)
        st.caption(step.sentence)
        progress.draft = step.ask(door, progress.draft)
        if step is _TRAINING and st.button(NO_LABELS, icon=":material/label:", type="tertiary"):
            progress.is_labelling = True
            st.rerun()
    with st.container(horizontal=True):
        if st.button("Back", disabled=progress.step == 0):
            progress.step -= 1
            st.rerun()
        if step is _STEPS[-1]:
            _start(door, progress)
        elif st.button("Next", type="primary", disabled=not step.is_done(progress.draft)):
            progress.step += 1
            st.rerun()


def _start(door: Door, progress: Progress) -> None:
    if st.button("Start", type="primary", icon=":material/rocket_launch:"):
        progress.job_id = str(door.do(progress.draft.create)[0]["JOB_ID"])
        st.rerun()
    shown.will_run(progress.draft.create)


def _started(progress: Progress, links: dict[str, st.Page]) -> None:
    st.success("The job has started. It goes on by itself, and after a restart, too.", icon=":material/check_circle:")
    st.markdown("Job id")
    st.code(progress.job_id, language=None)
    st.caption("Ask for it in SQL:")
    st.code(job.acting("DESCRIBE", progress.job_id), language="sql", wrap_lines=True)
    with st.container(horizontal=True):
        if st.button("Watch it", type="primary"):
            st.switch_page(links["jobs"], query_params={"job": progress.job_id})
        if st.button("Make another one"):
            st.session_state["wizard"] = Progress()
            st.rerun()


def _base(door: Door, draft: Draft) -> Draft:
    known = places.bases(door)
    labels = {model.name: model.label for model in known}
    chosen = choose("Base model", list(labels), draft.base or "mistral-7b", labels.__getitem__)
    about = next((model.comment for model in known if model.name == chosen), "")
    st.caption(about)
    return replace(draft, base=chosen)


def _role(door: Door, draft: Draft) -> Draft:
    now = places.here(door)
    known = {"ROLE": (now.role, places.own_roles(door)), "WAREHOUSE": (now.warehouse, places.warehouses(door))}
    for kind, (current, names) in known.items():
        chosen = choose(kind.capitalize(), names, current)
        if chosen and chosen != current:
            door.do(f"USE {kind} {path(chosen)}")
            st.rerun()
    return draft


def _place(door: Door, draft: Draft) -> Draft:
    now = places.here(door)
    database = choose("Database", places.databases(door), draft.database or now.database)
    schemas = [schema for held, schema in places.schemas(door) if held == database]
    return replace(draft, database=database, schema=choose("Schema", schemas, draft.schema or now.schema))


def _name(door: Door, draft: Draft) -> Draft:
    written = st.text_input("Name", value=draft.model, placeholder="TICKETS_7B", max_chars=255).strip()
    named = replace(draft, model=written.upper() if written.isidentifier() else written)
    if named.model:
        st.caption(f"The model will be called `{named.target}`.")
    if any(model.name == named.target for model in places.models(door)):
        st.warning(
            "A model of this name is there. The new one will be called the same with `_2` behind it, or the next free number.",
            icon=":material/warning:",
        )
    return named


def _table(door: Door, draft: Draft) -> Draft:
    return replace(draft, table=choose_table(door, "Training table", draft.table))


def _prompt(door: Door, draft: Draft) -> Draft:
    return replace(draft, prompt=_choose_column(door, draft, "Prompt column", draft.prompt, PROMPTS))


def _completion(door: Door, draft: Draft) -> Draft:
    return replace(draft, completion=_choose_column(door, draft, "Completion column", draft.completion, ANSWERS))


def _validation(door: Door, draft: Draft) -> Draft:
    chosen = st.radio("Validation data", VALIDATIONS, index=VALIDATIONS.index(draft.validation))
    other = (
        choose_table(door, "Validation table", draft.validation_table) if chosen == OTHER else draft.validation_table
    )
    return replace(draft, validation=chosen, validation_table=other)


def _review(door: Door, draft: Draft) -> Draft:
    counts = door.look(facts(draft))[0]
    sizes = {"Training rows": draft.training_query, "Validation rows": draft.validation_query}
    rows = {label: int(door.look(rows_of(query))[0]["N"]) if query else 0 for label, query in sizes.items()}
    used = door.look(tokens(draft))[0]
    per_row = sum(float(value or 0) for value in used.values())
    with st.grid(4, min_column_width=150):
        for label, count in rows.items():
            st.metric(label, f"{count:,}", border=True)
        st.metric("Tokens an epoch, about", f"{per_row * rows['Training rows']:,.0f}", border=True)
        st.metric("Different completions", f"{counts['COMPLETIONS']:,}", border=True)
    st.markdown(
        f"**{draft.base}** becomes **{draft.target}**, from `{draft.prompt}` and `{draft.completion}` of `{draft.table}`."
    )
    for sentence in warnings(counts):
        st.warning(sentence, icon=":material/warning:")
    st.caption(f"{_expected(door, draft, per_row * rows['Training rows'])} {_memory(door, draft)}")
    st.caption(f"Tokens are those of up to {SAMPLE_ROWS} rows, counted by the base model's tokenizer.")
    return draft


def _expected(door: Door, draft: Draft, epoch_tokens: float) -> str:
    """How long it will take, judged by the last job on the same base model that came to its end."""
    for listed in job.listed(door):
        if listed.base_model == draft.base and listed.status == "SUCCESS":
            last = job.remembered(door, listed.id)
            if last.seconds and last.trained_tokens:
                minutes = epoch_tokens * last.seconds / last.trained_tokens / 60
                return f"Expected time: about {max(1, round(minutes))} min an epoch, judged by the last job on {draft.base}."
    return f"Expected time: unknown, since no job on {draft.base} has come to its end here yet. The Jobs page shows how it gets on."


def _memory(door: Door, draft: Draft) -> str:
    """What the job needs beside everything else that runs."""
    needed = next((model.tuning_bytes for model in places.bases(door) if model.name == draft.base), None)
    return "Expected memory: unknown." if needed is None else f"Expected memory: about {needed / 1e9:.1f} GB."


def _label(door: Door, progress: Progress) -> None:
    """The way in without labels: a large model writes them, somebody looks, the rest follows."""
    with st.container(border=True):
        st.subheader("Labels by a teacher", anchor=False)
        st.caption("A large model labels your rows once; the small one learns from it.")
        task = _labelling(door)
        if task is not None:
            _preview(door, task)
            _save(door, task, progress)
    if st.button("Back to the steps"):
        progress.is_labelling = False
        st.rerun()


def _labelling(door: Door) -> Labelling | None:
    table = choose_table(door, "Table", None)
    if table is None:
        return None
    columns = places.columns(door, table)
    column = choose("Text column", columns, likely(columns, PROMPTS))
    known = [model.name for model in places.generators(door)]
    teacher = choose("Teacher", known, "mistral-large")
    instruction = st.text_area(
        "What the teacher is told", placeholder="Which of these is it about: ...? Answer with one only.", height=110
    )
    return Labelling(table, column, teacher, instruction.strip()) if instruction.strip() else None


def _preview(door: Door, task: Labelling) -> None:
    sql = task.preview(PREVIEW_ROWS)
    with st.container(horizontal=True):
        if st.button(f"Label {PREVIEW_ROWS} rows", icon=":material/visibility:"):
            with st.spinner("The teacher labels"):
                st.session_state["wizard labels"] = door.ask(sql)
        shown.will_run(sql)
    if rows := st.session_state.get("wizard labels"):
        frame = pd.DataFrame(rows)[["COMPLETION", "PROMPT"]]
        frame["PROMPT"] = shown.own_parts([str(prompt) for prompt in frame["PROMPT"]])
        st.dataframe(frame, hide_index=True, column_config={"PROMPT": st.column_config.TextColumn(width="large")})


def _save(door: Door, task: Labelling, progress: Progress) -> None:
    target = replace(task.table, name=f"{task.table.name}_LABELLED")
    sql = task.save(str(target))
    line = progress.labelling
    with st.container(horizontal=True):
        is_seen = "wizard labels" in st.session_state
        if st.button("Label all rows", type="primary", disabled=not is_seen or line.is_running):
            line.begin([sql])
        shown.will_run(sql)
    running.watch(door, line)
    if line.problem is not None:
        shown.trouble(line.problem)
    elif line.is_done:
        progress.draft = replace(progress.draft, table=target, prompt="PROMPT", completion="COMPLETION")
        progress.is_labelling = False
        progress.labelling = Line()
        st.rerun()


def _choose_column(door: Door, draft: Draft, label: str, now: str, words: Sequence[str]) -> str:
    """A column of the training table; it begins with `now`, or with the one whose name fits best."""
    assert draft.table is not None
    columns = places.columns(door, draft.table)
    chosen = choose(label, columns, now if now in columns else likely(columns, words))
    if chosen:
        rows = door.look(f"SELECT {path(chosen)} FROM {draft.table} LIMIT 3")
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    return chosen


@dataclass(frozen=True)
class _Step:
    """One of the nine. `ask` draws it and gives the draft with what was chosen; `is_done` says whether one may go on."""

    title: str
    sentence: str
    ask: Callable[[Door, Draft], Draft]
    is_done: Callable[[Draft], object]


_TRAINING = _Step(
    "Training table",
    "Each row is an example: a prompt, and the answer that is wanted.",
    _table,
    lambda draft: draft.table,
)
_STEPS = (
    _Step("Base model", "The small model that will learn.", _base, lambda draft: draft.base),
    _Step("Role and warehouse", "The role will own the model.", _role, lambda draft: True),
    _Step("Database and schema", "Where the model will be kept.", _place, lambda draft: draft.database and draft.schema),
    _Step("Name", "Statements will use this name.", _name, lambda draft: draft.model),
    _TRAINING,
    _Step("Prompt column", "What the model will be asked, word for word.", _prompt, lambda draft: draft.prompt),
    _Step("Completion column", "What it is to answer.", _completion, lambda draft: draft.completion and draft.completion != draft.prompt),
    _Step("Validation data", "Rows that it does not learn from, to measure it by.", _validation, Draft.has_validation),
    _Step("Review", "A last look. Start begins the job.", _review, lambda draft: True),
)  # fmt: skip
