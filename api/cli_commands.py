"""The sub-commands of the `parzen` command, one function each, declared with click."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from parzen.cli import STORAGE_CLASSES, STORAGE_VARIABLES, Session, inform, perform, usage_error
from parzen.cli_format import FORMATS, Listing, list_asked, list_names, list_studies, list_trials, render

if TYPE_CHECKING:
    from parzen.distributions import BaseDistribution
    from parzen.samplers import BaseSampler

Direction = Literal["minimize", "maximize"]
Action = Callable[..., None]
Decorator = Callable[[Action], Action]

DIRECTIONS = click.Choice(get_args(Direction))
ABSTRACT_SAMPLERS = ("BaseGASampler", "BaseSampler", "Sampler")
STATES = click.Choice(["complete", "pruned", "fail"])


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


@subcommand(root, "create-study")
@study_name("The new study's name; made up if absent.")
@click.option("--direction", type=DIRECTIONS, help="Where the objective should go; minimize if absent.")
@click.option("--directions", type=DIRECTIONS, multiple=True, help="For several: --directions minimize maximize.")
@click.option("--skip-if-exists", is_flag=True, help="Use the study of that name if there is one.")
def create_study(
    session: Session,
    study_name: str | None,
    direction: Direction | None,
    directions: tuple[Direction, ...],
    skip_if_exists: bool,
) -> None:
    """Create a study and print its name."""
    import parzen

    study = parzen.create_study(
        storage=session.open_storage(),
        study_name=study_name,
        direction=direction,
        directions=directions or None,
        load_if_exists=skip_if_exists,
    )
    click.echo(study.study_name)


@subcommand(root, "delete-study")
@study_name()
def delete_study(session: Session, study_name: str | None) -> None:
    """Delete a study with its trials."""
    import parzen

    if study_name is None:
        raise usage_error("No study is named: give --study-name NAME.")
    storage = session.open_storage()
    try:
        parzen.delete_study(study_name=study_name, storage=storage)
    except KeyError:
        raise session.no_such_study(study_name) from None


@root.group("study", params=global_options(), no_args_is_help=False)
def study_group(**options: Any) -> None:
    """Change a study."""
    enter(options)


@subcommand(study_group, "set-user-attr")
@study_name(required=True)
@click.option("-k", "--key", required=True, help="The attribute's name.")
@click.option("--value", required=True, help="Its value, kept as text.")
def set_user_attr(session: Session, study_name: str, key: str, value: str) -> None:
    """Set a user attribute of a study."""
    session.load_study(study_name).set_user_attr(key, value)
    inform("Attribute successfully written.")


@subcommand(root, "study-names")
@output_format("value")
def study_names(session: Session, format: str) -> None:
    """Print the names of all studies."""
    import parzen

    show(list_names(parzen.get_all_study_names(session.open_storage())), format)


@subcommand(root, "studies")
@output_format("table")
@flatten
def studies(session: Session, format: str, flatten: bool) -> None:
    """Print all studies."""
    import parzen

    summaries = parzen.get_all_study_summaries(session.open_storage(), include_best_trial=False)
    show(list_studies(summaries), format, flatten)


@subcommand(root, "trials")
@study_name(required=True)
@output_format("table")
@flatten
def trials(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the trials of a study."""
    study = session.load_study(study_name)
    show(list_trials(study, study.get_trials(deepcopy=False)), format, flatten)


@subcommand(root, "best-trial")
@study_name(required=True)
@output_format("table")
@flatten
def best_trial(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the best trial of a study with one objective."""
    study = session.load_study(study_name)
    show(list_trials(study, [study.best_trial]), format, flatten, single=True)


@subcommand(root, "best-trials")
@study_name(required=True)
@output_format("table")
@flatten
def best_trials(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the trials of a study that no other dominates."""
    study = session.load_study(study_name)
    show(list_trials(study, study.best_trials), format, flatten)


import parzen.cli_serve  # noqa: E402 - adds `storage serve`
import parzen.cli_storage  # noqa: E402, F401 - declares the group `storage`, in this place of the list


@subcommand(root, "ask")
@study_name("The study's name; may be left out if the storage has only one.")
@click.option("--sampler", help="Class name of the sampler, as TPESampler.")
@click.option("--sampler-kwargs", metavar="JSON", help="The sampler's arguments, as a JSON object.")
@click.option("--search-space", metavar="JSON", help="Distributions by name, as a JSON object (distribution_to_json).")
@output_format("json")
@flatten
def ask(
    session: Session,
    study_name: str | None,
    sampler: str | None,
    sampler_kwargs: str | None,
    search_space: str | None,
    format: str,
    flatten: bool,
) -> None:
    """Start a trial and print its number and parameters."""
    space = _read_search_space(search_space)
    study = session.load_study(study_name, _make_sampler(sampler, sampler_kwargs))
    trial = study.ask(fixed_distributions=space)
    inform(f"Asked trial {trial.number} with parameters {trial.params}.")
    show(list_asked(trial), format, flatten, single=True)


def _read_json(option: str, text: str | None) -> dict[str, Any]:
    """Read an option whose value is a JSON object; an absent one is empty."""
    try:
        content = json.loads("{}" if text is None else text)
    except json.JSONDecodeError as error:
        raise usage_error(f"{option} expects a JSON object, found {text!r}: {error}.") from None
    if not isinstance(content, dict):
        raise usage_error(f"{option} expects a JSON object, found {text!r}.")
    return content


def _read_search_space(text: str | None) -> dict[str, BaseDistribution]:
    from parzen.distributions import json_to_distribution

    space = _read_json("--search-space", text)
    for name, attributes in space.items():
        if not isinstance(attributes, dict):
            raise usage_error(f"--search-space expects a JSON object for {name!r}, found {attributes!r}.")
    return {name: json_to_distribution(json.dumps(attributes)) for name, attributes in space.items()}


def _make_sampler(name: str | None, arguments: str | None) -> BaseSampler | None:
    from parzen import samplers

    if name is None:
        if arguments is not None:
            raise usage_error("--sampler-kwargs needs --sampler: name the sampler's class as well.")
        return None
    known = sorted(entry for entry in samplers.__all__ if entry.endswith("Sampler") and entry not in ABSTRACT_SAMPLERS)
    if name not in known:
        raise usage_error(f"--sampler expects one of {', '.join(known)}; found {name!r}.")
    try:
        sampler: BaseSampler = getattr(samplers, name)(**_read_json("--sampler-kwargs", arguments))
    except TypeError as error:
        raise usage_error(f"--sampler-kwargs do not suit {name}: {error}.") from error
    return sampler


@subcommand(root, "tell")
@study_name("The study's name; may be left out if the storage has only one.")
@click.option("--trial-number", type=int, help="The trial's number, as ask printed it.")
@click.option("--values", type=float, multiple=True, help="Objective values, as --values 0.1 0.2.")
@click.option("--state", type=STATES, help="The trial's state; complete if there are values.")
@click.option("--skip-if-finished", is_flag=True, help="Do nothing if the trial is finished already.")
def tell(
    session: Session,
    study_name: str | None,
    trial_number: int | None,
    values: tuple[float, ...],
    state: str | None,
    skip_if_finished: bool,
) -> None:
    """Finish a trial that ask started."""
    from parzen.trial import TrialState

    if trial_number is None:
        raise usage_error("No trial is named: give --trial-number NUMBER.")
    told = list(values) or None
    outcome = None if state is None else TrialState[state.upper()]
    study = session.load_study(study_name)
    study.tell(trial_number, values=told, state=outcome, skip_if_finished=skip_if_finished)
    inform(f"Told trial {trial_number} with values {told} and state {outcome}.")


@subcommand(root, "demo")
@click.option("--study-name", default="digits", show_default=True, help="The study's name.")
@click.option("--trials", type=int, default=40, show_default=True, help="How many trials to run.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Start no trial after this time.")
@click.option("--jobs", type=int, default=1, show_default=True, help="How many trials to run at once.")
@click.option(
    "--backend", type=click.Choice(["numpy", "torch"]), default="numpy", show_default=True, help="What trains."
)
@click.option("--seed", type=int, help="Makes the run repeatable.")
def demo(
    session: Session, study_name: str, trials: int, timeout: float | None, jobs: int, backend: str, seed: int | None
) -> None:
    """Tune a small classifier of handwritten digits, by default in the file digits.db."""
    from parzen.examples.digits import tune

    tune(
        storage=session.storage or "sqlite:///digits.db",
        study_name=study_name,
        n_trials=trials,
        timeout=timeout,
        n_jobs=jobs,
        backend=backend,
        seed=seed,
    )


@subcommand(root, "help")
def show_help(session: Session) -> None:
    """Show this help."""
    click.echo(click.get_current_context().find_root().get_help())
