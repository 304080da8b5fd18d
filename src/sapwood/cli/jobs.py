"""`sapwood jobs`: fine-tuning jobs."""

from __future__ import annotations

import typer

from sapwood.cli import offices
from sapwood.cli.options import Data
from sapwood.terminal import listings, messages

commands = typer.Typer(no_args_is_help=True, help="Fine-tuning jobs: list, look at, follow, cancel, resume.")


@commands.command("list")
def list_(data: Data = None) -> None:
    """All fine-tuning jobs, newest first."""
    with offices.opened(data) as office:
        found = office.jobs.jobs()
        messages.show(listings.job_table(found) if found else "No jobs yet.")


@commands.command()
def show(job_id: str, data: Data = None) -> None:
    """Everything that is known of one job: its state, its data, how good its model is, and its events."""
    with offices.opened(data) as office:
        listings.show_job(office.jobs.job(job_id), office.catalog.job_events(job_id))


@commands.command()
def watch(job_id: str, data: Data = None) -> None:
    """Follow a job to its end; Ctrl-C leaves it running. Exits with 1 if no model comes of it."""
    with offices.opened(data) as office:
        job = office.jobs.wait(job_id, on_change=lambda job: typer.echo(listings.job_line(job)))
    if job.status != "SUCCESS":
        raise typer.Exit(1)


@commands.command()
def resume(job_id: str, data: Data = None) -> None:
    """Let a job that failed or was cancelled go on from its last checkpoint."""
    with offices.opened(data) as office:
        typer.echo(listings.job_line(office.jobs.resume(job_id)))


@commands.command()
def cancel(job_id: str, data: Data = None) -> None:
    """Stop a job; no model comes of it."""
    with offices.opened(data) as office:
        office.jobs.cancel(job_id)
        typer.echo(f"Canceled Cortex Fine-tuning job: {job_id}")
