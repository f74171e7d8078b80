"""The sub-command that writes a report."""

from __future__ import annotations

import click

from parzen.cli.declare import root, subcommand
from parzen.cli.session import Session, inform


@subcommand(root, "report")
@click.argument("names", nargs=-1, metavar="[STUDY]...")
@click.option("--study-name", multiple=True, help="The study's name, as STUDY; may be left out if there is only one.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), default="report.html", show_default=True, help="The file."
)
def report(session: Session, names: tuple[str, ...], study_name: tuple[str, ...], output: str) -> None:
    """Write one HTML file that says what came of a study, or of several side by side.

    A report that is there is replaced; any other file is left alone.
    """
    from parzen.visualization import report as write

    storage = session.open_storage()
    wanted: list[str | None] = [*dict.fromkeys([*study_name, *names])] or [None]
    path = write([session.load_study(name, storage) for name in wanted], output)
    inform("Wrote the report; its path is printed.")
    click.echo(path)
