"""Versions of a tuned model by their names and aliases. Knows no statement and no catalogue."""

from __future__ import annotations

from sapwood.errors import ProgrammingError
from sapwood.store.records import TunedModel

SYSTEM_ALIASES = ("DEFAULT", "FIRST", "LAST")
"""Aliases of a version that every model has."""


def aliases(model: TunedModel) -> dict[str, str]:
    """Each alias with its version, the system's ones first."""
    names = list(model.versions)
    return {**dict(zip(SYSTEM_ALIASES, (model.version, names[0], names[-1]), strict=True)), **model.aliases}


def named_version(model: TunedModel, written: str) -> str:
    """The version that a name or an alias means. Raises ProgrammingError if there is none."""
    names = {
        **aliases(model),
        **{name.upper(): name for name in model.versions},
        **{name: name for name in model.versions},
    }
    version = names.get(written) or names.get(written.upper())
    if version is None:
        raise ProgrammingError(
            f"Version '{written}' of model {model.name} does not exist",
            errno=2003,
            sqlstate="02000",
            hint=f"It has {', '.join(model.versions)}.",
        )
    return version
