"""SNOWFLAKE.CORTEX.FINETUNE: CREATE, SHOW, DESCRIBE, CANCEL and RESUME (ours). Arguments in, text out; a worker trains.

CREATE reads its data before it returns: the job trains on the rows as they were then. A name, base model or option that
can't work is an error of the statement; data that can't is an error of the job. Source: the vendor's pages "FINETUNE".
"""

from __future__ import annotations

import json
import re
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import text
from sapwood.errors import (
    AccessError,
    CancelledError,
    Error,
    InvalidArgumentsError,
    InvalidOptionError,
    NoCurrentDatabaseError,
    NoCurrentSchemaError,
    ProgrammingError,
    StorageFullError,
    UnknownObjectError,
)
from sapwood.functions.function import CommandContext, CommandHandler
from sapwood.jobs.durable import write_tables
from sapwood.jobs.jobs import Jobs, unknown_job
from sapwood.store.records import Job, ModelVersion, sql_name

SIGNATURE = Signature(
    function="FINETUNE",
    spellings=("SNOWFLAKE.CORTEX.FINETUNE", "SYSTEM$CORTEX_FINETUNE"),
    parameters=(
        Parameter("action", ("TEXT",)),
        Parameter("name", ("TEXT",), required=False),
        Parameter("base_model", ("TEXT",), required=False),
        Parameter("training_data", ("TEXT",), required=False),
        Parameter("validation_data", ("TEXT",), required=False),
        Parameter("options", (), required=False),
    ),
    returns=text(),
    command=True,
)

MEMORY_OF_A_JOB, MEMORY_OF_A_PARAMETER = 1 << 30, 6
"""Bytes of a job's process with a step's activations, and of a weight with all that stands beside it."""
PAIR = ("prompt", "completion")
"""Columns of the data, and keys of its documents."""
SCHEMA = pa.schema([(name, pa.string()) for name in PAIR])
"""What a snapshot of the data is."""
FEWEST_ROWS = 2
"""Usable rows that training needs: one to learn from, one to measure by."""
DEFAULT_EPOCHS = 3
"""Epochs by which a base model's row limit is divided where the options name none (the vendor's table does so)."""

WHOLE, REAL = "a whole number", "a number"
RANGES: Mapping[str, tuple[str, float, float]] = {
    "max_epochs": (WHOLE, 1, 10),
    "learning_rate": (REAL, 1e-6, 0.1),
    "rank": (WHOLE, 1, 256),
    "alpha": (REAL, 0.1, 1024),
    "dropout": (REAL, 0, 0.9),
    "batch_size": (WHOLE, 1, 512),
    "seed": (WHOLE, 0, 2**31 - 1),
    "priority": (WHOLE, 1, 9),
}
"""Options that are numbers, with their kind, lowest and highest value. Only max_epochs is the vendor's; the others are ours."""
LAYERS = "targets"
"""The option that names the layers to adapt, such as ["q_proj", "v_proj"]; which ones a model has is known to the worker."""

_IDENTIFIER = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*))\s*(\.|$)')
_LONGEST_NAME = 255


class BaseModel(Protocol):
    """What the registry says of a model that can be tuned. `max_rows` is for one epoch; None means no limit.

    `parameters` is 0 where they are not known.
    """

    @property
    def version(self) -> ModelVersion: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def max_rows(self) -> int | None: ...
    @property
    def parameters(self) -> int: ...
    @property
    def licence(self) -> str: ...
    @property
    def owner(self) -> str:
        """The role that owns a model that is tuned already; '' for a base model."""
        ...


class BaseModels(Protocol):
    """The registry as FINETUNE sees it."""

    def base_model(self, name: str, *, database: str | None = None, schema: str | None = None) -> BaseModel:
        """The base model of that name, or a tuned one; UnknownModelError or InvalidOptionError if it can't be tuned."""
        ...


def finetune_command(jobs: Jobs, registry: BaseModels, data: Path) -> CommandHandler:
    """The FINETUNE command over these jobs and models; `data` is the data directory."""
    desk = _Desk(jobs, registry, data)

    def run(arguments: Mapping[str, Any], context: CommandContext) -> str:
        action = str(arguments.get("action") or "").strip().upper()
        if action not in _ACTIONS:
            raise InvalidArgumentsError(
                f"Invalid FINETUNE operation '{arguments.get('action')}'",
                hint=f"The first argument is one of {', '.join(repr(name) for name in _ACTIONS)}.",
            )
        fewest, most, act = _ACTIONS[action]
        if not fewest <= len(arguments) <= most:
            wanted = str(most) if fewest == most else f"{fewest} to {most}"
            raise InvalidArgumentsError(
                f"FINETUNE('{action}', ...) takes {wanted} arguments, not {len(arguments)}", hint=_USAGE[action]
            )
        return act(desk, arguments, context)

    return run


@dataclass(frozen=True)
class _Desk:
    """What the operations work with."""

    jobs: Jobs
    registry: BaseModels
    data: Path


def _create(desk: _Desk, arguments: Mapping[str, Any], context: CommandContext) -> str:
    name = model_name(_required(arguments, "name", "CREATE"), context.database, context.schema)
    context.check_schema(name[0], name[1])
    base_name = _required(arguments, "base_model", "CREATE")
    base = desk.registry.base_model(base_name, database=context.database, schema=context.schema)
    if base.owner and not context.is_own(base.owner):
        raise AccessError(f"Insufficient privileges to tune model '{base_name}' further", hint="Its owner's role may.")
    options = parse_options(arguments.get("options"))
    job = Job(
        id=f"CortexFineTuningWorkflow_{uuid.uuid4()}",
        kind="finetune",
        status="PENDING",
        created_on=_now_ms(),
        base_model=base_name,
        model_name=sql_name(*name),
        training_data=_required(arguments, "training_data", "CREATE"),
        validation_data=arguments.get("validation_data") or "",
        options=options,
        spec={"owner": context.role},
    )
    with _folder_of(job, desk.jobs) as folder:
        try:
            snapshots = _take_snapshots(job, folder, context, base)
        except _BadDataError as error:
            shutil.rmtree(folder, ignore_errors=True)
            context.notice(f"{job.id} has failed: {error.args[0]}")
            return desk.jobs.submit(_failed(job, error.args[0])).id
        spec = {
            "model": dict(zip(("database", "schema", "name"), name, strict=True)),
            "base": asdict(base.version),
            "prompt_tokens": base.prompt_tokens,
            "completion_tokens": base.completion_tokens,
            "options": options or {},
            "owner": context.role,
            "data": snapshots,
            "licence": base.licence,
            "memory_bytes": memory_of_a_job(base.parameters),
        }
        return desk.jobs.submit(replace(job, spec=spec)).id


def memory_of_a_job(parameters: int) -> int:
    """Bytes that tuning a model of so many parameters is expected to need. Jobs that need more together than there is wait for
    one another."""
    return MEMORY_OF_A_JOB + MEMORY_OF_A_PARAMETER * parameters


@contextmanager
def _folder_of(job: Job, jobs: Jobs) -> Generator[Path]:
    """The folder of a job that is being made; it goes if no job comes of it."""
    folder = jobs.folder(job.id)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _show(desk: _Desk, arguments: Mapping[str, Any], context: CommandContext) -> str:
    desk.jobs.recover()
    return _json(
        [
            {"id": job.id, "status": job.status, "base_model": job.base_model, "created_on": job.created_on}
            for job in desk.jobs.jobs()
            if context.is_own(str(job.spec.get("owner", "")))
        ]
    )


def _describe(desk: _Desk, arguments: Mapping[str, Any], context: CommandContext) -> str:
    desk.jobs.recover()
    return _json(description(_own_job(desk, _required(arguments, "name", "DESCRIBE"), context)))


def _cancel(desk: _Desk, arguments: Mapping[str, Any], context: CommandContext) -> str:
    job = desk.jobs.cancel(_own_job(desk, _required(arguments, "name", "CANCEL"), context).id)
    return f"Canceled Cortex Fine-tuning job: {job.id}"


def _resume(desk: _Desk, arguments: Mapping[str, Any], context: CommandContext) -> str:
    job = desk.jobs.resume(_own_job(desk, _required(arguments, "name", "RESUME"), context).id)
    return f"Resumed Cortex Fine-tuning job: {job.id}"


def _own_job(desk: _Desk, job_id: str, context: CommandContext) -> Job:
    """The job; that of a role which the session has not is told of like one that is not there."""
    job = desk.jobs.job(job_id)
    if not context.is_own(str(job.spec.get("owner", ""))):
        raise unknown_job(job_id)
    return job


_ACTIONS: Mapping[str, tuple[int, int, Callable[[_Desk, Mapping[str, Any], CommandContext], str]]] = {
    "CREATE": (4, 6, _create),
    "SHOW": (1, 1, _show),
    "DESCRIBE": (2, 2, _describe),
    "CANCEL": (2, 2, _cancel),
    "RESUME": (2, 2, _resume),
}
"""Each operation with its fewest and most arguments, itself counted."""

_USAGE = {
    "CREATE": "Write FINETUNE('CREATE', '<name>', '<base model>', '<training query>' [, '<validation query>' [, '<options>']]).",
    "SHOW": "Write FINETUNE('SHOW').",
    "DESCRIBE": "Write FINETUNE('DESCRIBE', '<job id>').",
    "CANCEL": "Write FINETUNE('CANCEL', '<job id>').",
    "RESUME": "Write FINETUNE('RESUME', '<job id>').",
}


def description(job: Job) -> dict[str, Any]:
    """What DESCRIBE shows, in the vendor's order; what is not set, is left out."""
    ended = {"SUCCESS", "ERROR"}
    shown = {
        "base_model": job.base_model,
        "created_on": job.created_on,
        "error": dict(job.error) if job.error and job.status == "ERROR" else None,
        "finished_on": job.finished_on if job.status in ended else None,
        "id": job.id,
        "model": job.model if job.status == "SUCCESS" else None,
        "progress": round(float(job.progress), 3),
        "status": job.status,
        "training_data": job.training_data,
        "trained_tokens": job.trained_tokens,
        "training_result": _result(job.training_result),
        "validation_data": job.validation_data,
        "options": dict(job.options) if job.options else None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _result(result: Mapping[str, float] | None) -> dict[str, float] | None:
    return {key: result[key] for key in ("validation_loss", "training_loss")} if result else None


def model_name(written: str, database: str | None, schema: str | None) -> tuple[str, str, str]:
    """Database, schema and name of `[[db.]schema.]name` as SQL would read it.

    >>> model_name('my_model', 'DB', 'PUBLIC'), model_name('db2.s."My model"', None, None)
    (('DB', 'PUBLIC', 'MY_MODEL'), ('DB2', 'S', 'My model'))
    """
    parts = _identifiers(written)
    if len(parts) < 3 and database is None:
        raise NoCurrentDatabaseError(
            "Cannot perform CREATE. This session does not have a current database.",
            hint="Call 'USE DATABASE', or use a qualified name.",
        )
    if len(parts) < 2 and schema is None:
        raise NoCurrentSchemaError(
            "Cannot perform CREATE. This session does not have a current schema.",
            hint="Call 'USE SCHEMA', or use a qualified name.",
        )
    full = ([database or "", schema or ""][: 3 - len(parts)] + parts)[:3]
    return full[0], full[1], full[2]


def _identifiers(written: str) -> list[str]:
    parts: list[str] = []
    at, mark = 0, "."
    while mark == ".":
        found = _IDENTIFIER.match(written, at)
        if found is None or len(parts) == 3:
            raise _bad_name(written)
        quoted, plain, mark = found.groups()
        parts.append(plain.upper() if quoted is None else quoted.replace('""', '"'))
        at = found.end()
    if at != len(written) or any(len(part) > _LONGEST_NAME for part in parts):
        raise _bad_name(written)
    return parts


def _bad_name(written: str) -> InvalidArgumentsError:
    return InvalidArgumentsError(
        f"Invalid model name '{written}'",
        hint="Write [[database.]schema.]name. A name starts with a letter and has letters, digits and _; "
        "any other must stand in double quotes, such as '\"my-model\"'.",
    )


def parse_options(written: Any) -> dict[str, Any] | None:
    """The options object from its JSON text or mapping; None for NULL. InvalidOptionError for what is unknown or out of range."""
    if written is None:
        return None
    try:
        options = json.loads(written) if isinstance(written, str) else written
    except json.JSONDecodeError:
        options = None
    if not isinstance(options, Mapping):
        raise InvalidOptionError(
            f"Invalid FINETUNE options: {written!r} is no JSON object",
            hint="Give an object, such as '{\"max_epochs\": 3}'.",
        )
    for name, value in options.items():
        _check_option(name, value)
    return dict(options)


def _check_option(name: str, value: Any) -> None:
    if name == LAYERS:
        _check_layers(value)
        return
    if name not in RANGES:
        known = ", ".join((*RANGES, LAYERS))
        raise InvalidOptionError(f"Invalid FINETUNE option '{name}'", hint=f"Known options: {known}.")
    kind, low, high = RANGES[name]
    types = int if kind == WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        raise InvalidOptionError(
            f"Invalid FINETUNE option '{name}': {json.dumps(value)}", hint=f"It is {kind} from {low:g} to {high:g}."
        )


def _check_layers(value: Any) -> None:
    names: list[Any] = value if isinstance(value, list) else []
    if not names or not all(isinstance(each, str) for each in names) or len(set(names)) < len(names):
        raise InvalidOptionError(
            f"Invalid FINETUNE option '{LAYERS}': {json.dumps(value)}",
            hint='It is an array of different names of layers, such as ["q_proj", "v_proj"].',
        )


class _BadDataError(Exception):
    """Data that can't be trained on; the text goes into the job's error."""


def _take_snapshots(job: Job, folder: Path, context: CommandContext, base: BaseModel) -> dict[str, dict[str, Any]]:
    """Write the rows of queries or files into the job's folder; gives what was taken, by part."""
    places = {"train": job.training_data, "validation": job.validation_data}
    folder.mkdir(parents=True, exist_ok=True)
    taken: dict[str, dict[str, Any]] = {}
    for part, written in places.items():
        if written:
            usable = _Usable()
            digest = write_tables(folder / f"{part}.arrow", SCHEMA, usable.pick(_read_pairs(written, context)))
            _check_rows(part, usable.rows, usable.dropped_rows)
            taken[part] = {**asdict(usable), "sha256": digest}
    _check_limit(sum(part["rows"] for part in taken.values()), job.options or {}, base, job.base_model)
    return taken


def _read_pairs(written: str, context: CommandContext) -> Iterator[Any]:
    """The prompts and completions of a query, or of a file on a stage, as Arrow tables of texts, some rows at a time."""
    is_stage = written.lstrip().startswith("@")
    wrapped = written.strip() if is_stage else f'SELECT "PROMPT", "COMPLETION" FROM ({written})'
    try:
        if is_stage:
            yield _of_documents(context.documents(wrapped), wrapped)
            return
        for rows in context.query(wrapped):
            yield pa.table([rows.column(at).cast(pa.string()) for at in range(2)], schema=SCHEMA)
    except (CancelledError, StorageFullError, AccessError, UnknownObjectError):  # what may not be read makes no job
        raise
    except ProgrammingError as error:
        failed = "Failed to read" if is_stage else "Failed to execute query:"
        raise _BadDataError(
            f"Failed to query input data for Fine-tuning. {failed} {wrapped}. {_one_error(error)}"
        ) from error
    except pa.ArrowException as error:
        raise _BadDataError(f"Prompt and completion must be texts, or what has a text: {error}") from error


def _of_documents(documents: Any, written: str) -> Any:
    """The keys prompt and completion, in any case, of JSON objects; a value that is no text is its JSON."""
    columns: tuple[list[str | None], list[str | None]] = ([], [])
    for number, document in enumerate(documents.cast(pa.string()), 1):
        found = json.loads(document.as_py())
        if not isinstance(found, dict):
            raise _BadDataError(f"Document {number} of {written} is no object with the keys prompt and completion.")
        fields = {str(key).lower(): value for key, value in cast("dict[str, Any]", found).items()}
        for column, key in zip(columns, PAIR, strict=True):
            value = fields.get(key)
            column.append(value if value is None or isinstance(value, str) else _json(value))
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=SCHEMA)


@dataclass
class _Usable:
    """Counts the rows that pass: those with prompt and completion, and those without one, which are dropped."""

    rows: int = 0
    dropped_rows: int = 0

    def pick(self, tables: Iterable[Any]) -> Iterator[Any]:
        """The rows to learn from."""
        for table in tables:
            usable = table.drop_null()
            self.rows += usable.num_rows
            self.dropped_rows += table.num_rows - usable.num_rows
            yield usable


def _one_error(error: Error) -> str:
    """The error as the vendor writes it into a job: number, state, query id, text."""
    query_id = f"{error.sfqid}: " if error.sfqid else ""
    return f"{error.errno:06d} ({error.sqlstate}): {query_id}{error.msg}"


def _check_rows(part: str, rows: int, dropped: int) -> None:
    fewest = FEWEST_ROWS if part == "train" else 1
    if rows < fewest:
        kind = "Training" if part == "train" else "Validation"
        without = f" ({dropped} of {rows + dropped} rows have no prompt or no completion)" if dropped else ""
        raise _BadDataError(
            f"{kind} data has {rows} usable row{'' if rows == 1 else 's'}{without}; at least {fewest} "
            f"{'is' if fewest == 1 else 'are'} needed, with prompt and completion that are not NULL."
        )


def _check_limit(rows: int, options: Mapping[str, Any], base: BaseModel, name: str) -> None:
    epochs = options.get("max_epochs", DEFAULT_EPOCHS)
    if base.max_rows is not None and rows > base.max_rows // epochs:
        raise _BadDataError(
            f"Training and validation data have {rows} rows; {name} takes at most {base.max_rows // epochs} "
            f"at {epochs} epochs. Give fewer rows, or a smaller max_epochs."
        )


def _failed(job: Job, message: str) -> Job:
    return replace(
        job, status="ERROR", finished_on=_now_ms(), error={"code": "INVALID_PARAMETER_VALUE", "message": message}
    )


def _required(arguments: Mapping[str, Any], name: str, action: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentsError(f"FINETUNE('{action}', ...): argument {name} is empty", hint=_USAGE[action])
    return value


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
