"""Parameters of session and account: one table of names, defaults and what may be set. Names from the vendor's page "Parameters".

A parameter that clients set as a matter of course but that has one meaning here takes that value only; any other is
refused by name.
"""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.config import Config
from sapwood.dialect.coercion import STAMPS
from sapwood.dialect.conventions import AUTO, INPUT_FORMATS, OUTPUT_FORMATS
from sapwood.errors import ProgrammingError, UnsupportedError
from sapwood.store.catalog import Catalog


@dataclass(frozen=True)
class Parameter:
    """One parameter. `only` are the values that are served; None means any of the default's type that `is_fit`."""

    name: str
    default: str | int | float | bool
    summary: str
    only: tuple[Any, ...] | None = None
    is_fit: Callable[[Any], bool] | None = None


def _is_zone(value: Any) -> bool:
    """Whether this machine knows a time zone of that name."""
    try:
        zoneinfo.ZoneInfo(str(value))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("AI_SQL_ERROR_HANDLING_USE_FAIL_ON_ERROR", False, "Whether a row that an AI function can't answer fails its statement; else NULL."),
        Parameter("AUTOCOMMIT", True, "Whether each statement commits by itself; else a change opens a transaction."),
        Parameter("CACHE_ENDPOINT_ANSWERS", False, "Whether answers of endpoints are kept and found again, as those of local models are."),
        Parameter("CLIENT_SESSION_KEEP_ALIVE", False, "Whether clients keep their session alive."),
        Parameter("CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", 0, "Bound values from which clients use a temporary stage; 0 for never, which is faster."),
        Parameter("CORTEX_ENABLED_CROSS_REGION", "DISABLED", "Regions that may answer; there is one here.", ("DISABLED", "ANY_REGION")),
        Parameter("CORTEX_MODELS_ALLOWLIST", "All", "Base models that may be asked: All, None, or names with commas between them."),
        *(
            Parameter(f"{client}_QUERY_RESULT_FORMAT", "ARROW", "How results travel to that client.", ("ARROW", "JSON"))
            for client in ("PYTHON_CONNECTOR", "JDBC", "ODBC", "GO", "DOTNET")
        ),
        *(Parameter(f"{name}_INPUT_FORMAT", AUTO, f"How texts are read as {name}.", is_fit=bool) for name in INPUT_FORMATS),
        *(
            Parameter(f"{name}_OUTPUT_FORMAT", form, f"How {name} is written as text{'' if form else '; empty for TIMESTAMP_OUTPUT_FORMAT'}.")
            for name, form in OUTPUT_FORMATS.items()
        ),
        Parameter("MAX_ANSWER_TOKENS", 256, "Length of a local model's answer where the call sets no max_tokens, in tokens."),
        Parameter("NOORDER_SEQUENCE_AS_DEFAULT", True, "Whether a sequence may leave gaps and change the order; it does neither in one session."),
        Parameter("QUERY_TAG", "", "A text that the query history keeps with each statement."),
        Parameter("QUOTED_IDENTIFIERS_IGNORE_CASE", False, "Whether quoted names are folded.", (False,)),
        Parameter("STATEMENT_COST_LIMIT", 0.0, "Money, at the endpoints' prices, that a statement may spend on models; 0 for no limit."),
        Parameter("STATEMENT_TIMEOUT_IN_SECONDS", 172_800, "Seconds after which a statement is cancelled; 0 for never."),
        Parameter("STATEMENT_TOKEN_LIMIT", 0, "Tokens, asked and answered, that a statement may spend on models; 0 for no limit."),
        Parameter("TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ", "What TIMESTAMP means.", STAMPS),
        Parameter("TIMEZONE", "UTC", "The session's time zone, by its name in the IANA database.", is_fit=_is_zone),
        Parameter("USE_CACHED_RESULT", True, "Whether finished LLM rows are found again instead of being asked again."),
        Parameter("WEEK_OF_YEAR_POLICY", 0, "A year's first week: 0 for four of its days or more, 1 for that of 1 January.", (0, 1)),
        Parameter("WEEK_START", 0, "A week's first day, 1 for Monday to 7 for Sunday; 0 for Monday, and Sunday is day 0.", tuple(range(8))),
    )
}  # fmt: skip


class AccountParameters:
    """The account's parameters, read once: this process is the only one that changes them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, str | None] = {}

    def get(self, name: str) -> str | int | float | bool | None:
        """A parameter's value; None if the account has none."""
        if name not in self._known:
            self._known[name] = self._catalog.parameter(name)
        stored = self._known[name]
        return None if stored is None else checked(name, stored)

    def set(self, name: str, value: str | int | float | bool | None) -> None:
        """Keep a value; None takes it back to the default."""
        self._catalog.set_parameter(name, None if value is None else str(value))
        self._known.pop(name, None)


def default_of(name: str, config: Config) -> str | int | float | bool:
    """A parameter's value where nobody set one."""
    return config.inference.max_answer_tokens if name == "MAX_ANSWER_TOKENS" else PARAMETERS[name].default


def known(name: str) -> Parameter:
    """The parameter of that name; ProgrammingError with the nearest one if there is none."""
    parameter = PARAMETERS.get(name.upper())
    if parameter is None:
        near = difflib.get_close_matches(name.upper(), PARAMETERS, n=1)
        hint = f"Did you mean {near[0]}?" if near else "SHOW PARAMETERS lists all."
        raise ProgrammingError(
            f"SQL compilation error:\ninvalid parameter '{name.upper()}'", errno=1006, sqlstate="22023", hint=hint
        )
    return parameter


def checked(name: str, value: Any) -> str | int | float | bool:
    """The value as the parameter's type; ProgrammingError if it is none, UnsupportedError if it is not served."""
    parameter = known(name)
    cast = _cast(parameter, value)
    if parameter.is_fit is not None and not parameter.is_fit(cast):
        raise _invalid(parameter, value)
    if parameter.only is not None and cast not in parameter.only:
        served = ", ".join(str(one).upper() if isinstance(one, bool) else str(one) for one in parameter.only)
        raise UnsupportedError(f"{parameter.name} = {value} is not supported", hint=f"Served: {served}.")
    return cast


def _cast(parameter: Parameter, value: Any) -> str | int | float | bool:
    try:
        if isinstance(parameter.default, bool):
            return value if isinstance(value, bool) else _BOOLEANS[str(value).lower()]
        if isinstance(parameter.default, (int, float)):
            number = type(parameter.default)(value)
            if not 0 <= number < float("inf") or number != float(value) or isinstance(value, bool):
                raise ValueError(value)
            return number
        return str(value)
    except (KeyError, ValueError):
        raise _invalid(parameter, value) from None


def _invalid(parameter: Parameter, value: Any) -> ProgrammingError:
    return ProgrammingError(
        f"SQL compilation error:\ninvalid value [{value}] for parameter '{parameter.name}'",
        errno=1008,
        sqlstate="22023",
    )


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "on": True, "off": False}
