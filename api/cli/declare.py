"""What all sub-commands share: the global options, and how a function becomes a sub-command of click's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from parzen.cli.arguments import Group
from parzen.cli.format import FORMATS, Listing, render
from parzen.cli.session import STORAGE_CLASSES, STORAGE_VARIABLES, Session, perform

Action = Callable[..., None]
Decorator = Callable[[Action], Action]


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        import parzen

        click.echo(f"parzen {parzen.__version__}")
        context.exit()


def global_options() -> list[click.Parameter]:
    """Make the options that all sub-commands have."""
    storage = (
        "Database URL, as sqlite:///study.db, redis://host, or the path of a journal that is there; "
        f"else read from {' or '.join(STORAGE_VARIABLES)}."
    )
    version: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False, "callback": _show_version}
    return [
        click.Option(["--storage"], metavar="URL", envvar=STORAGE_VARIABLES, help=storage),
        click.Option(
            ["--storage-class"],
            type=click.Choice(STORAGE_CLASSES),
            help="What --storage names, if that is not to be guessed.",
        ),
        click.Option(["-v", "--verbose"], count=True, help="Show debugging messages, too."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Show only warnings and errors."),
        click.Option(["--log-file"], metavar="PATH", help="Append the messages to this file as well."),
        click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
        click.Option(["--version"], help="Show the version and exit.", **version),
    ]


@click.group(
    cls=Group,
    params=global_options(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.pass_context
def root(context: click.Context, /, **options: Any) -> int | None:
    """Look after studies and their trials, and run trials from a shell with ask and tell."""
    if context.invoked_subcommand is not None:
        return None
    click.echo(context.get_help())
    click.echo(f"Error: {' '.join(context.obj)!r} names no command: see `parzen --help`.", err=True)
    return 1


def subcommand(parent: click.Group, name: str) -> Decorator:
    """Make a function a sub-command: it gets the session and its own options, and its docstring is the help."""

    def register(action: Action) -> Action:
        @wraps(action)
        def run(**options: Any) -> int:
            session = Session(**{entry.name: options.pop(entry.name) for entry in fields(Session)})
            if session.quiet and session.verbose:
                raise click.UsageError("--verbose and --quiet exclude each other.")
            return perform(action, session, options)

        parent.command(name, params=global_options())(run)
        return action

    return register


def study_name(help: str = "The study's name.", required: bool = False) -> Decorator:
    """Declare ``--study-name``."""
    return click.option("--study-name", required=required, help=help)


def output_format(default: str) -> Decorator:
    """Declare ``--format``."""
    formats = click.Choice(FORMATS)
    return click.option("-f", "--format", type=formats, default=default, show_default=True, help="Output format.")


def show(listing: Listing, format: str, flatten: bool = False, single: bool = False) -> None:
    """Print rows; see `render`."""
    click.echo(render(listing, format, flatten=flatten, single=single))


flatten = click.option("--flatten", is_flag=True, help="Give each key of a nested column a column of its own.")
