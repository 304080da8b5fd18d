"""Write the sample tickets: support requests of a telephone company's customers, with the category that each is about.

In: `families.toml` (templates) and `names.toml`, a seed. Out: three CSV files under `sfquickstarts/`, the same bytes for
the same seed on each machine. Tickets of the held-out file come from families that the first file never uses. It knows
no SQL and no models. Run `python -m sapwood.samples.compose` after a change of the templates.
"""

from __future__ import annotations

import csv
import io
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SEED = 42
TRAINING_ROWS = 1000
HELD_OUT_ROWS = 200
CATEGORIES = ("Roaming fees", "Slow data speed", "Lost phone", "Add new line", "Closing account")

FOLDER = "sfquickstarts/finetuning_llm_using_snowflake_cortex_ai"
TICKETS = f"{FOLDER}/support_tickets.csv"
HELD_OUT = f"{FOLDER}_holdout/support_tickets_holdout.csv"
TRUTH = f"{FOLDER}_categories/ticket_categories.csv"

TICKET_COLUMNS = ("TICKET_ID", "CUSTOMER_NAME", "CUSTOMER_EMAIL", "SERVICE_TYPE", "REQUEST", "CONTACT_PREFERENCE")
TRUTH_COLUMNS = ("TICKET_ID", "CATEGORY", "FAMILY")

SHORT_SHARE = 0.12
ASIDE_SHARE = 0.16
TYPO_SHARE = 0.14
LOWER_CASE_SHARE = 0.06
TEXTING_SHARE = 0.04
TEXTING = (
    ("please", "pls"),
    ("Please", "Pls"),
    ("Thanks", "Thx"),
    ("Thank you", "Thx"),
    (" and ", " & "),
    (" you ", " u "),
)


@dataclass(frozen=True)
class Family:
    """Templates of one kind of request. A `plain` family takes neither remarks nor asides."""

    key: str
    category: str
    services: tuple[str, ...]
    opening: tuple[str, ...]
    detail: tuple[str, ...]
    ask: tuple[str, ...]
    holdout: bool = False
    plain: bool = False


@dataclass(frozen=True)
class Shared:
    """A list of sentences that all families may take. `topic` is what an aside mentions in passing."""

    part: str
    texts: tuple[str, ...]
    topic: str = ""


@dataclass(frozen=True)
class Templates:
    """All of `families.toml`."""

    slots: Mapping[str, Sequence[str]]
    shared: tuple[Shared, ...]
    families: tuple[Family, ...]

    def texts(self, part: str) -> tuple[str, ...]:
        """The shared sentences of a part: greeting, closing or remark."""
        return tuple(text for group in self.shared if group.part == part for text in group.texts)

    def asides(self, category: str) -> tuple[str, ...]:
        """Asides that may stand in a ticket of this category: those about something else."""
        return tuple(
            text for group in self.shared if group.part == "aside" and group.topic != category for text in group.texts
        )


@dataclass(frozen=True)
class Ticket:
    """One row of the sample, with the truth about it."""

    ticket_id: str
    customer_name: str
    customer_email: str
    service_type: str
    request: str
    contact_preference: str
    category: str
    family: str


class Draw:
    """Chance with a memory: only `random()` is used, the one method whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self._random.random() < share

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self._random.random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        keys = [self._random.random() for _ in items]
        return [item for _, item in sorted(zip(keys, items, strict=True), key=lambda pair: pair[0])]


def main() -> None:
    """Write the files next to this module."""
    for path, text in files(compose()).items():
        target = Path(__file__).parent / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")


def compose(*, seed: int = SEED) -> list[Ticket]:
    """All tickets: first those to train on, then the held-out ones."""
    draw = Draw(seed)
    templates = read_templates()
    names = tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))
    seen: set[str] = set()
    tickets: list[Ticket] = []
    for rows, holdout in ((TRAINING_ROWS, False), (HELD_OUT_ROWS, True)):
        for family in draw.shuffled(_plan(templates.families, rows, holdout=holdout)):
            request = _new_request(draw, family, templates, seen)
            tickets.append(_ticket(draw, f"TR{len(tickets) + 1:04d}", family, request, names))
    return tickets


def files(tickets: Sequence[Ticket]) -> dict[str, str]:
    """The three files by path, as text."""
    rows = [tuple(getattr(ticket, column.lower()) for column in TICKET_COLUMNS) for ticket in tickets]
    truth = [tuple(getattr(ticket, column.lower()) for column in TRUTH_COLUMNS) for ticket in tickets]
    return {
        TICKETS: _csv(TICKET_COLUMNS, rows[:TRAINING_ROWS]),
        HELD_OUT: _csv(TICKET_COLUMNS, rows[TRAINING_ROWS:]),
        TRUTH: _csv(TRUTH_COLUMNS, truth),
    }


def read_templates() -> Templates:
    """Read `families.toml`."""
    data = tomllib.loads((Path(__file__).parent / "families.toml").read_text(encoding="utf-8"))
    return Templates(
        slots=data["slots"],
        shared=tuple(Shared(**_frozen(group)) for group in data["shared"]),
        families=tuple(Family(**_frozen(family)) for family in data["family"]),
    )


def _frozen(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _plan(families: Sequence[Family], rows: int, *, holdout: bool) -> list[Family]:
    """Which family each row comes from: as many rows for each category, and within it for each family."""
    per_category = rows // len(CATEGORIES)
    plan: list[Family] = []
    for category in CATEGORIES:
        own = [family for family in families if family.category == category and family.holdout == holdout]
        plan += [own[row % len(own)] for row in range(per_category)]
    return plan


def _new_request(draw: Draw, family: Family, templates: Templates, seen: set[str]) -> str:
    """A request that no earlier ticket has."""
    while True:
        request = _request(draw, family, templates)
        if request not in seen:
            seen.add(request)
            return request


def _request(draw: Draw, family: Family, templates: Templates) -> str:
    values = {slot: draw.pick(choices) for slot, choices in templates.slots.items()}
    core = [draw.pick(family.opening), draw.pick(family.ask)]
    if draw.chance(SHORT_SHARE):
        return _styled(draw, " ".join(_fill(draw, text, values) for text in core))
    if draw.chance(0.65):
        core.insert(1, draw.pick(family.detail))
    sentences = [_fill(draw, text, values) for text in core]
    if not family.plain:
        _add_remarks(draw, sentences, family, templates)
    if draw.chance(0.65):
        sentences.insert(0, draw.pick(templates.texts("greeting")))
    if draw.chance(0.6):
        sentences.append(_fresh(draw, draw.pick(templates.texts("closing")), templates))
    return _styled(draw, " ".join(sentences))


def _add_remarks(draw: Draw, sentences: list[str], family: Family, templates: Templates) -> None:
    """Remarks (and now and then an aside) before and after what is asked for, until the ticket has its length."""
    ask = len(sentences) - 1
    extra = [draw.pick(templates.asides(family.category))] if draw.chance(ASIDE_SHARE) else []
    wanted = 18 + draw.below(18)
    for remark in draw.shuffled(templates.texts("remark")):
        if _words(sentences + extra) >= wanted or len(extra) == 3:
            break
        extra.append(remark)
    for text in extra:
        sentences.insert(ask + draw.below(len(sentences) - ask + 1), _fresh(draw, text, templates))


def _fresh(draw: Draw, text: str, templates: Templates) -> str:
    """A shared sentence, its slots filled with values of its own."""
    return _fill(draw, text, {slot: draw.pick(choices) for slot, choices in templates.slots.items()})


def _fill(draw: Draw, text: str, values: Mapping[str, str]) -> str:
    chosen = re.sub(r"\[([^\]]*)\]", lambda match: draw.pick(match[1].split("|")), text)
    return chosen.format_map(values)


def _words(sentences: Sequence[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)


def _styled(draw: Draw, text: str) -> str:
    """The text as somebody in a hurry types it, for some."""
    if draw.chance(TEXTING_SHARE):
        for word, short in TEXTING:
            text = text.replace(word, short)
    if draw.chance(LOWER_CASE_SHARE):
        text = text.lower().replace("'", "")
    if draw.chance(TYPO_SHARE):
        text = misspelt(draw, text)
    return text


def misspelt(draw: Draw, text: str) -> str:
    """One to three words with two letters swapped, one left out or one typed twice."""
    words = text.split(" ")
    candidates = [index for index, word in enumerate(words) if len(word) >= 5 and word.isalpha() and word.islower()]
    for index in draw.shuffled(candidates)[: 1 + draw.below(3)]:
        word = words[index]
        at = 1 + draw.below(len(word) - 3)
        changed = (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
        words[index] = draw.pick(changed)
    return " ".join(words)


def _ticket(draw: Draw, ticket_id: str, family: Family, request: str, names: Mapping[str, Sequence[str]]) -> Ticket:
    name = draw.pick(names["first"])
    initial = draw.pick("ABCDEFGHIJKLMNOPRSTVW")
    return Ticket(
        ticket_id=ticket_id,
        customer_name=name,
        customer_email=f"{name}.{initial}@{draw.pick(names['noun'])}.com",
        service_type=draw.pick(family.services),
        request=request,
        contact_preference=draw.pick(("Text Message", "Email")),
        category=family.category,
        family=family.key,
    )


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    main()
