"""Statements about files: stages, file formats, COPY INTO and what moves files.

The values are frozen, as all of `statements`; the engine has one handler for each class here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sapwood.dialect.statements import Name, Query, StagePath, Statement


@dataclass(frozen=True)
class CreateFileFormat(Statement):
    """CREATE FILE FORMAT: options by upper-case name as written (str, int, bool, or tuple of str)."""

    name: Name
    options: Mapping[str, Any]
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    comment: str = ""


@dataclass(frozen=True)
class CreateStage(Statement):
    """CREATE STAGE: `url` is '' for an internal stage; `format_name` and `format_options` are its file format."""

    name: Name
    url: str = ""
    format_name: Name | None = None
    format_options: Mapping[str, Any] = field(default_factory=dict)
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    comment: str = ""


@dataclass(frozen=True)
class CopyInto(Statement):
    """COPY INTO <table> FROM <stage path>. `query` is what is made of the files' columns, if anything is."""

    target: Name
    columns: tuple[str, ...]
    source: StagePath
    files: tuple[str, ...] = ()
    pattern: str = ""
    format_name: Name | None = None
    format_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    query: Query | None = None


@dataclass(frozen=True)
class Unload(Statement):
    """COPY INTO <stage path> FROM <table or query>. If `is_partitioned`, the query's last column is PARTITION BY's value."""

    target: StagePath
    query: Query
    is_partitioned: bool = False
    format_name: Name | None = None
    format_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ListStage(Statement):
    """LIST @stage[/path] [PATTERN = '...']."""

    source: StagePath
    pattern: str = ""


@dataclass(frozen=True)
class PutFiles(Statement):
    """PUT file://... @stage. In process the file is copied by the caller's own rights."""

    local: str
    target: StagePath
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GetFiles(Statement):
    """GET @stage/... file://..."""

    source: StagePath
    local: str
    pattern: str = ""


@dataclass(frozen=True)
class RemoveFiles(Statement):
    """REMOVE @stage/path."""

    source: StagePath
    pattern: str = ""


@dataclass(frozen=True)
class ExportModel(Statement):
    """EXPORT MODEL <name> TO @stage/path [FORMAT = ...] [OVERWRITE = TRUE]: a tuned model as files for other programs."""

    name: Name
    target: StagePath
    form: str = "peft"
    overwrites: bool = False
