"""What all sub-commands share: the global options, and how a function becomes a sub-command of click's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from parzen.cli.format import FORMATS, Listing, render
from parzen.cli.session import STORAGE_CLASSES, STORAGE_VARIABLES, Session, perform

Action = Callable[..., None]
Decorator = Callable[[Action], Action]


class OrderedGroup(click.Group):
    """A group that lists its commands in the order of their declaration."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the sub-commands."""
        return list(self.commands)


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        import parzen

        click.echo(f"parzen {parzen.__version__}")
        context.exit()


def global_options() -> list[click.Parameter]:
    """Make the options that may stand before a sub-command, after it, or both."""
    storage = f"Database URL, as sqlite:///study.db; else read from {' or '.join(STORAGE_VARIABLES)}."
    version: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False, "callback": _show_version}
    return [
        click.Option(["--storage"], metavar="URL", help=storage),
        click.Option(
            ["--storage-class"],
            type=click.Choice(STORAGE_CLASSES),
            help="What --storage names, if it is a journal.",
        ),
        click.Option(["-v", "--verbose"], count=True, help="Show debugging messages, too."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Show only warnings and errors."),
        click.Option(["--log-file"], metavar="PATH", help="Append the messages to this file as well."),
        click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
        click.Option(["--version"], help="Show the version and exit.", **version),
    ]


def enter(options: dict[str, Any]) -> Session:
    """Take this level's global options out of `options`; they follow those of the levels above."""
    context = click.get_current_context()
    given = {entry.name: options.pop(entry.name) for entry in fields(Session)}
    session: Session = (context.obj or Session.from_environment()).followed_by(given)
    if session.quiet and session.verbose:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    context.obj = session
    return session


@click.group(
    cls=OrderedGroup,
    params=global_options(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.pass_context
def root(context: click.Context, /, **options: Any) -> None:
    """Look after studies and their trials, and run trials from a shell with ask and tell."""
    enter(options)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def subcommand(parent: click.Group, name: str) -> Decorator:
    """Make a function a sub-command: it gets the session and its own options, and its docstring is the help."""

    def register(action: Action) -> Action:
        @wraps(action)
        def run(**options: Any) -> int:
            return perform(action, enter(options), options)

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
