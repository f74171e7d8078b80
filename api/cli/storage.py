"""The sub-commands of ``parzen storage``: upgrade, check, shrink and copy a storage."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parzen.cli.declare import global_options, root, study_name, subcommand
from parzen.cli.format import list_trials
from parzen.cli.session import Session, inform, usage_error

if TYPE_CHECKING:
    from parzen.storage.rdb.checking import Report
    from parzen.study import Study
    from parzen.trial import FrozenTrial

FORMATS = ("sqlite", "json", "csv")


@root.group("storage", params=global_options(), no_args_is_help=False)
def storage_group(**_: Any) -> None:
    """Look after a storage."""


def _file_of(session: Session) -> Path:
    """Give the path of the storage's SQLite file."""
    from parzen.storage.rdb.sqlite import path_of

    url = session.url
    path = path_of(url) if url.startswith("sqlite") and url != "sqlite://" else "file:"
    if path.startswith("file:"):
        raise usage_error(f"This command works on a SQLite file, as sqlite:///study.db, but got {url}.")
    return Path(path)


@subcommand(storage_group, "upgrade")
def upgrade(session: Session) -> None:
    """Bring a SQLite file or a server's tables of an older Optuna up to date.

    Stop what works on them first. Of a file a copy is kept, and its path printed; of a server make a dump before.
    """
    from parzen.storage.rdb.upgrading import upgrade as upgrade_file

    session = replace(session, storage_class="RDBStorage")  # whatever is said: only databases have a schema
    if not session.url.startswith("sqlite"):
        if revision := _upgrade_server(session.url):
            inform(f"Upgraded the storage, which was {revision}.")
            return
    elif backup := upgrade_file(_file_of(session)):
        inform("Upgraded the storage; the old file is kept as printed.")
        click.echo(backup)
        return
    inform("This storage is up-to-date.")


def _upgrade_server(url: str) -> str | None:
    """Bring a server's tables up to date, and give the revision that they had; None if that was the head."""
    from parzen.storages import RDBStorage

    storage = RDBStorage(url, skip_compatibility_check=True)
    revision = storage.get_current_version()
    if revision == storage.get_head_version():
        return None
    storage.upgrade()
    return revision


@subcommand(storage_group, "check")
@click.option("--repair", is_flag=True, help="Mend the rows that are wrong; a copy of the file as it was is kept.")
def check(session: Session, repair: bool) -> None:
    """Look for damage and contradictions in a SQLite file, while others may write to it.

    Prints one line a finding; the exit code is 1 if there is any. Before a repair stop what works on the file; rows
    that cannot be read are deleted then, and trials that lack what they need count as failed.
    """
    from parzen.storage.rdb.checking import check as check_file

    file = _file_of(session)
    report = check_file(file)
    for finding in report.findings:
        click.echo(str(finding))
    if report.findings and repair:
        report = _repair(file)
    if report.findings:
        remedy = "" if repair else " `--repair` mends rows that cannot be read, and keeps a copy of the file."
        raise usage_error(f"{len(report.findings)} found in {session.url}.{remedy}")
    click.echo(f"ok: {report.n_studies} studies, {report.n_trials} trials")


def _repair(file: Path) -> Report:
    from parzen.storage.rdb.repairing import repair

    copy, report = repair(file)
    inform(f"Mended what can be mended; the file as it was is kept as {copy}.")
    for finding in report.findings:
        click.echo(f"still: {finding}")
    return report


@subcommand(storage_group, "vacuum")
def vacuum(session: Session) -> None:
    """Give unused space of a SQLite file back to the disk."""
    from parzen.storage.rdb.maintenance import vacuum as vacuum_file

    before, after = vacuum_file(_file_of(session))
    click.echo(f"{before:,} bytes before, {after:,} bytes after")


@subcommand(storage_group, "export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there.")
@click.option(
    "-f",
    "--format",
    type=click.Choice(FORMATS),
    default="sqlite",
    show_default=True,
    help="A copy of the database, or the trials of one study.",
)
@study_name("For json and csv; may be left out if the storage has only one study.")
def export(session: Session, file: str, force: bool, format: str, study_name: str | None) -> None:
    """Copy a SQLite file while others may write to it, or write a study's trials to FILE (- for standard output)."""
    if format == "sqlite" and (file == "-" or study_name is not None):
        raise usage_error("A copy of the database needs a FILE and takes all studies; give --format json or csv.")
    if file != "-" and not force and Path(file).exists():
        raise usage_error(f"{file} is there already: give another name, or --force to overwrite it.")
    if format == "sqlite":
        _copy(_file_of(session), Path(file))
        return
    study = session.load_study(study_name)
    text = _as_json(study) if format == "json" else _as_csv(study)
    if file == "-":
        click.echo(text, nl=False)
    else:
        _write(Path(file), text)


def _copy(source: Path, target: Path) -> None:
    from tqdm.auto import tqdm

    from parzen.storage.rdb.maintenance import copy_file

    # Only on a terminal, and only if it takes longer than a moment.
    with tqdm(unit="page", delay=1.0, disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        copy_file(source, target, progress)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _as_json(study: Study) -> str:
    """Write all trials with all that belongs to them, one a line."""
    lines = (json.dumps(_trial_content(trial)) for trial in study.get_trials(deepcopy=False))
    return "[" + ",\n ".join(lines) + "]\n"


def _trial_content(trial: FrozenTrial) -> dict[str, Any]:
    from parzen.distributions import distribution_to_json

    times = {name: getattr(trial, name) for name in ("datetime_start", "datetime_complete")}
    return {
        "number": trial.number,
        "state": trial.state.name,
        "values": trial.values,
        **{name: None if time is None else time.isoformat() for name, time in times.items()},
        "params": trial.params,
        "distributions": {name: json.loads(distribution_to_json(d)) for name, d in trial.distributions.items()},
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "intermediate_values": trial.intermediate_values,
    }


def _as_csv(study: Study) -> str:
    """Write the flattened columns of ``parzen trials``."""
    listing = list_trials(study, study.get_trials(deepcopy=False)).flattened()
    text = io.StringIO()
    writer = csv.DictWriter(text, listing.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listing.rows)
    return text.getvalue()
