"""Rows of SHOW MODELS, SHOW VERSIONS IN MODEL and SHOW CORTEX BASE MODELS: tuned models, and the names that base models answer to."""

from __future__ import annotations

import json
from typing import Any

from sapwood.dialect.statements import Name, Show
from sapwood.engine.model_versions import aliases
from sapwood.engine.privileges import may_see
from sapwood.engine.show_places import MODELS_DATABASE, MODELS_SCHEMA, Row, base_row
from sapwood.engine.work import Work, unknown_object
from sapwood.functions.finetune import memory_of_a_job
from sapwood.store.records import TunedModel


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


def _tuned(model: TunedModel) -> Row:
    created_on = next(iter(model.versions.values())).created_on
    return {
        **base_row(created_on, model.name, model.database, model.schema, model.owner, model.comment),
        "model_type": "CORTEX_FINETUNED",
        "versions": json.dumps(list(model.versions)),
        "default_version_name": model.version,
        "aliases": json.dumps(aliases(model)),
        "answered_by": model.base_model,
    }


def versions(work: Work, statement: Show) -> list[Row]:
    """One row a version, the oldest first; the default one answers where the model is named."""
    name = Name(statement.database, statement.schema, statement.table)
    model = work.parts.catalog.model(name.database, name.schema, name.name)
    if model is None or not may_see(work, work.rights, "MODEL", name):
        raise unknown_object("Model", name)
    named = aliases(model)
    return [
        {
            **base_row(version.created_on, written, model.database, model.schema, model.owner, ""),
            "aliases": json.dumps([alias for alias, meant in named.items() if meant == written]),
            "model_name": model.name,
            "is_default_version": written == model.version,
            "functions": '["COMPLETE"]',
            "metadata": json.dumps({"metrics": dict(version.metrics), "base_model": version.base_model}),
            "user_data": "{}",
        }
        for written, version in model.versions.items()
    ]


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
                "tuning_bytes": memory_of_a_job(info.parameters) if info.parameters else None,
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
