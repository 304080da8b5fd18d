"""What needs only the catalogue and files: it works beside a process that owns the data directory, and begins soon.

A job's worker, `sapwood jobs` and `sapwood models` are built here. Imports no engine, no server, and torch only where it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sapwood.config import FIRST_DATABASE, Config
from sapwood.dialect.names import parts, qualify
from sapwood.functions import FUNCTIONS
from sapwood.inference.priority import TRAINING, give_way
from sapwood.inference.threads import wait_as_cores_allow
from sapwood.jobs.handler import Outcome, Task
from sapwood.jobs.jobs import Jobs
from sapwood.jobs.queue import memory_limit
from sapwood.jobs.worker import work as run_worker
from sapwood.plugins import Plugins, load_plugins
from sapwood.registry.registry import Download, Registry
from sapwood.registry.table import read_table
from sapwood.store.catalog import Catalog


@dataclass
class Office:
    """What needs only the catalogue and files, so that it works beside a process that owns the data directory."""

    config: Config
    catalog: Catalog
    registry: Registry
    jobs: Jobs
    plugins: Plugins

    def close(self) -> None:
        self.catalog.close()


def open_office(config: Config, *, on_download: Callable[[Download], None] | None = None) -> Office:
    """Catalogue, registry and jobs, without owning the data directory."""
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    catalog = Catalog(f"sqlite:///{config.data / 'catalog.sqlite'}")
    plugins = load_plugins(FUNCTIONS, read_table())
    registry = Registry(catalog, config, on_progress=on_download, table=plugins.models)
    memory = memory_limit(config.jobs.memory_megabytes)
    jobs = Jobs(catalog, config.data, _worker_command(config), memory=memory)
    return Office(config, catalog, registry, jobs, plugins)


def work(config: Config, job_id: str) -> None:
    """Be the worker of a job: claim it, run it to its end, and write down what came of it."""
    os.environ.update(wait_as_cores_allow())
    give_way(TRAINING)
    office = open_office(config)

    def finetune(task: Task) -> Outcome:
        task.report(0.0, "loading the libraries")
        from sapwood.training.finetuning import finetune_handler  # torch comes with it, once the job is claimed

        return finetune_handler(office.registry, config)(task)

    try:
        run_worker(office.catalog, job_id, {"finetune": finetune}, config.data)
        office.jobs.recover()  # whoever waited for this one's memory
    finally:
        office.close()


def export_model(office: Office, name: str, folder: Path, form: str) -> Sequence[Path]:
    """Write a tuned model's files for other programs; see training.export. `name` is [db.]schema.model or in full."""
    from sapwood.training import export  # torch comes with it

    version = office.registry.prepare(office.registry.resolve(name, database=FIRST_DATABASE, schema="PUBLIC"))
    return export.export_model(export.Order(version, office.registry.source_file(version)), folder, form)


def import_model(office: Office, name: str, folder: Path, base: str, *, allows_other_base: bool) -> str:
    """Register an adapter that was trained elsewhere under `name`; gives the name that it got."""
    from sapwood.inference.weights import precision
    from sapwood.training import importing

    names = qualify(parts(name), database=FIRST_DATABASE, schema="PUBLIC")
    version = office.registry.prepare(office.registry.base_model(base).version)
    place = importing.Place(*names, owner="ACCOUNTADMIN", data=office.config.data)
    dtype = precision(office.config.inference).dtype
    made = importing.import_adapter(folder, version, place, dtype=dtype, allows_other_base=allows_other_base)
    return office.catalog.add_model(made).full_name


def _worker_command(config: Config) -> Sequence[str]:
    return (sys.executable, "-m", "sapwood.worker", "--data", str(config.data))
