"""Rows of SHOW MODELS and SHOW CORTEX BASE MODELS: tuned models, and the names that base models answer to."""

from __future__ import annotations

import json
from typing import Any

from sapwood.dialect.statements import Show
from sapwood.engine.show_places import MODELS_DATABASE, MODELS_SCHEMA, Row, base_row
from sapwood.engine.work import Work


def models(work: Work, statement: Show) -> list[Row]:
    """Tuned models of the place; base models too where the place holds SNOWFLAKE.MODELS."""
    wants_base = (
        statement.in_account or statement.database == MODELS_DATABASE or not (statement.database or statement.schema)
    )
    base = _base_models(work) if wants_base else []
    if statement.database == MODELS_DATABASE:
        return base
    schema = statement.schema or None
    databases = (
        [None]
        if statement.in_account or not (statement.database or schema)
        else [statement.database or work.state.database]
    )
    tuned = [_tuned(model) for database in databases for model in work.parts.catalog.models(database, schema)]
    return sorted(tuned + base, key=lambda row: (row["database_name"], row["schema_name"], row["name"]))


def _tuned(model: Any) -> Row:
    return {
        **base_row(model.created_on, model.name, model.database, model.schema, model.owner, model.comment),
        "model_type": "CORTEX_FINETUNED",
        "versions": json.dumps([model.version]),
        "default_version_name": model.version,
        "aliases": json.dumps(
            {"DEFAULT": model.version, "FIRST": model.version, "LAST": model.version, **model.aliases}
        ),
        "answered_by": model.base_model,
    }


def _base_models(work: Work) -> list[Row]:
    """One row a name that answers: a Cortex name says which model stands behind it."""
    rows: dict[str, Row] = {}
    for info in work.parts.registry.listing():
        for name in (info.name, *info.aliases):
            rows[name.upper()] = {
                **base_row(0, name.upper(), MODELS_DATABASE, MODELS_SCHEMA, "SNOWFLAKE", _about(info, name)),
                "model_type": "CORTEX_BASE",
                "versions": None,
                "default_version_name": None,
                "aliases": None,
                "answered_by": info.name,
                "lifecycle_status": "GA",
                "in_region_availability": "AVAILABLE",
            }
    return [rows[name] for name in sorted(rows)]


def _about(info: Any, name: str) -> str:
    parts = [
        f"Answered by {info.name}." if name != info.name else "",
        f"Licence: {info.licence}." if info.licence else "",
    ]
    parts.append("" if info.present else "Its files are fetched at first use.")
    parts.append("Data leaves this machine." if info.data_leaves else "")
    return " ".join(part for part in parts if part)


def base_models(work: Work, statement: Show) -> list[Row]:
    return _base_models(work)
