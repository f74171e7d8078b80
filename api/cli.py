"""The `parzen` command: studies and trials from a shell, with the options, outputs and exit codes of Optuna's command.

Exit codes: 0 done, 1 refused or failed (one line on standard error says why), 2 wrong usage, 130 interrupted.

Nothing heavy is imported up here, so that ``parzen --help`` answers at once: click comes with `main`, the rest of parzen with the
sub-command that needs it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from parzen.cli_format import (
    FORMATS,
    Listing,
    explain,
    list_asked,
    list_names,
    list_studies,
    list_trials,
    render,
    reporting,
)

if TYPE_CHECKING:
    import click

    from parzen.distributions import BaseDistribution
    from parzen.samplers import BaseSampler
    from parzen.storages import BaseStorage
    from parzen.study import Study

DIRECTIONS = ("minimize", "maximize")
STATES = ("complete", "pruned", "fail")
STORAGE_CLASSES = ("RDBStorage", "JournalFileBackend", "JournalRedisBackend")
STORAGE_VARIABLES = ("PARZEN_STORAGE", "OPTUNA_STORAGE")
MANY_VALUED = ("--directions", "--values")


def main(args: list[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    args
        Arguments without the program's name; those of the process if None.

    Returns
    -------
    int
        The exit code.
    """
    try:
        import click
    except ImportError:
        print('The parzen command needs click: pip install "parzen[cli]"', file=sys.stderr)
        return 1
    arguments = spell_out(sys.argv[1:] if args is None else args)
    try:
        code = application().main(arguments, prog_name="parzen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def spell_out(arguments: Sequence[str]) -> list[str]:
    """Turn ``--values 0.1 -2`` into ``--values=0.1 --values=-2``: click has no options with one or more values.

    As in Optuna's command, an option given again starts its values anew.
    """
    spelt: list[str] = []
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name in MANY_VALUED and rest and _is_value(rest[0]):
            spelt = [argument for argument in spelt if not argument.startswith(f"{name}=")]
            while rest and _is_value(rest[0]):
                spelt.append(f"{name}={rest.pop(0)}")
        else:
            spelt.append(name)
    return spelt


def _is_value(argument: str) -> bool:
    """Tell a value, negative numbers included, from the next option."""
    if not argument.startswith("-"):
        return True
    try:
        float(argument)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Session:
    """What the global options say; see `application` for their meaning."""

    storage: str | None = None
    storage_class: str | None = None
    verbose: int = 0
    quiet: bool = False
    log_file: str | None = None
    debug: bool = False

    @classmethod
    def from_environment(cls) -> Session:
        """Start with the storage named in the environment, if any."""
        named = (os.environ.get(variable) for variable in STORAGE_VARIABLES)
        return cls(storage=next(filter(None, named), None))

    def followed_by(self, options: dict[str, Any]) -> Session:
        """Read global options given further right on the command line: they win over those before."""
        return replace(self, **{name: value for name, value in options.items() if value})

    def open_storage(self) -> BaseStorage:
        """Open the storage that was named, guessing its class from the URL unless that was named, too."""
        from parzen import storages

        url, kind = self.url(), self._storage_kind()
        if kind == "RDBStorage":
            return storages.get_storage(url)
        backend = getattr(storages.journal, kind)
        return storages.JournalStorage(backend(url))

    def level(self) -> int:
        """Give the level of the messages to show."""
        from parzen import logging

        return logging.WARNING if self.quiet else logging.DEBUG if self.verbose else logging.INFO

    def url(self) -> str:
        """Give the storage's URL, which has to have been named."""
        if self.storage is None:
            raise _usage_error("No storage is named: give --storage URL (as sqlite:///study.db) or set PARZEN_STORAGE.")
        return self.storage

    def _storage_kind(self) -> str:
        url = self.url()
        if self.storage_class:
            return self.storage_class
        if url.startswith("redis"):
            return "JournalRedisBackend"
        if os.path.isfile(url):
            return "JournalFileBackend"
        if "://" in url:
            return "RDBStorage"
        raise _usage_error(
            f"No storage to be found behind {url!r}: expected a URL as sqlite:///study.db or the path of a journal file "
            "(a new one needs --storage-class JournalFileBackend)."
        )

    def load_study(self, name: str | None, sampler: BaseSampler | None = None) -> Study:
        """Load a study; None means the only one in the storage."""
        import parzen

        storage = self.open_storage()
        try:
            return parzen.load_study(study_name=name, storage=storage, sampler=sampler)
        except KeyError:
            raise _no_such_study(name, self.storage) from None


def _usage_error(text: str) -> Exception:
    from parzen.exceptions import CLIUsageError

    return CLIUsageError(text)


def _no_such_study(name: str | None, storage: str | None) -> Exception:
    return _usage_error(
        f"No study is named {name!r} in {storage}: `parzen study-names` lists its studies, `parzen create-study` makes one."
    )


def perform(action: Callable[..., None], session: Session, arguments: dict[str, Any]) -> int:
    """Run a sub-command and give its exit code; what it raises becomes one line on standard error."""
    import parzen

    logger = parzen.logging.get_logger("parzen.cli")
    with ExitStack() as stack:
        try:
            stack.enter_context(reporting(session.level(), session.log_file))
            action(session, **arguments)
        except KeyboardInterrupt:
            logger.error("Interrupted.")
            return 130
        except BrokenPipeError:
            raise  # click knows how to end quietly when, say, `head` has read enough
        except Exception as error:
            logger.error(explain(error), exc_info=session.debug)
            return 1
    return 0


def _inform(text: str) -> None:
    from parzen import logging as messages

    messages.get_logger("parzen.cli").info(text)


def _show(listing: Listing, format: str, flatten: bool = False, single: bool = False) -> None:
    print(render(listing, format, flatten=flatten, single=single), flush=True)


@dataclass(frozen=True)
class Option:
    """An option, declared before click is there; a tuple as its type stands for a choice of words."""

    names: tuple[str, ...]
    settings: dict[str, Any]


def option(*names: str, **settings: Any) -> Option:
    """Declare an option by click's own keywords."""
    return Option(names, settings)


SUBCOMMANDS: list[tuple[str, Callable[..., None], tuple[Option, ...]]] = []


def subcommand(path: str, *options: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function the sub-command `path`: it gets the session and the options, and its docstring is the help."""

    def register(action: Callable[..., None]) -> Callable[..., None]:
        SUBCOMMANDS.append((path, action, options))
        return action

    return register


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        import parzen

        print(f"parzen {parzen.__version__}")
        context.exit()


GLOBAL_OPTIONS = (
    option("--storage", metavar="URL", help=f"As sqlite:///study.db; else read from {' or '.join(STORAGE_VARIABLES)}."),
    option("--storage-class", type=STORAGE_CLASSES, help="Kind of storage; guessed from the URL if absent."),
    option("-v", "--verbose", count=True, help="Show debugging messages, too."),
    option("-q", "--quiet", is_flag=True, help="Show only warnings and errors."),
    option("--log-file", metavar="PATH", help="Append the messages to this file as well."),
    option("--debug", is_flag=True, help="Show the traceback of an error."),
    option(
        "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
    ),
)
STUDY_NAME = option("--study-name", help="The study's name; may be left out if the storage has only one.")
REQUIRED_STUDY_NAME = option("--study-name", required=True, help="The study's name.")
FLATTEN = option("--flatten", is_flag=True, help="Give each key of a nested column a column of its own.")


def _format(default: str) -> Option:
    return option("-f", "--format", type=FORMATS, default=default, show_default=True, help="Output format.")


@subcommand(
    "create-study",
    option("--study-name", help="The new study's name; made up if absent."),
    option("--direction", type=DIRECTIONS, help="Where the objective should go; minimize if absent."),
    option(
        "--directions", type=DIRECTIONS, multiple=True, help="The same for several: --directions minimize maximize."
    ),
    option("--skip-if-exists", is_flag=True, help="Use the study of that name if there is one."),
)
def create_study(
    session: Session, study_name: str | None, direction: str | None, directions: tuple[str, ...], skip_if_exists: bool
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
    print(study.study_name, flush=True)


@subcommand("delete-study", option("--study-name", help="The study's name."))
def delete_study(session: Session, study_name: str | None) -> None:
    """Delete a study with its trials."""
    import parzen

    if study_name is None:
        raise _usage_error("No study is named: give --study-name NAME.")
    storage = session.open_storage()
    try:
        parzen.delete_study(study_name=study_name, storage=storage)
    except KeyError:
        raise _no_such_study(study_name, session.storage) from None


@subcommand(
    "study set-user-attr",
    REQUIRED_STUDY_NAME,
    option("-k", "--key", required=True, help="The attribute's name."),
    option("--value", required=True, help="Its value, kept as text."),
)
def set_user_attr(session: Session, study_name: str, key: str, value: str) -> None:
    """Set a user attribute of a study, as text."""
    session.load_study(study_name).set_user_attr(key, value)
    _inform("Attribute successfully written.")


@subcommand("study-names", _format("value"))
def study_names(session: Session, format: str) -> None:
    """Print the names of all studies."""
    import parzen

    _show(list_names(parzen.get_all_study_names(session.open_storage())), format)


@subcommand("studies", _format("table"), FLATTEN)
def studies(session: Session, format: str, flatten: bool) -> None:
    """Print all studies."""
    import parzen

    summaries = parzen.get_all_study_summaries(session.open_storage(), include_best_trial=False)
    _show(list_studies(summaries), format, flatten)


@subcommand("trials", REQUIRED_STUDY_NAME, _format("table"), FLATTEN)
def trials(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the trials of a study."""
    study = session.load_study(study_name)
    _show(list_trials(study, study.get_trials(deepcopy=False)), format, flatten)


@subcommand("best-trial", REQUIRED_STUDY_NAME, _format("table"), FLATTEN)
def best_trial(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the best trial of a study with one objective."""
    study = session.load_study(study_name)
    _show(list_trials(study, [study.best_trial]), format, flatten, single=True)


@subcommand("best-trials", REQUIRED_STUDY_NAME, _format("table"), FLATTEN)
def best_trials(session: Session, study_name: str, format: str, flatten: bool) -> None:
    """Print the trials of a study that no other dominates."""
    study = session.load_study(study_name)
    _show(list_trials(study, study.best_trials), format, flatten)


@subcommand("storage upgrade")
def upgrade(session: Session) -> None:
    """Bring the tables of an older database up to date."""
    from parzen.storages import RDBStorage

    if session._storage_kind() != "RDBStorage":
        raise _usage_error(
            f"Only databases have tables to upgrade, found {session.storage!r}: expected a URL as sqlite:///study.db."
        )
    storage = RDBStorage(session.url(), skip_compatibility_check=True, skip_table_creation=True)
    current, head = storage.get_current_version(), storage.get_head_version()
    if current == head:
        _inform("This storage is up-to-date.")
    elif current in storage.get_all_versions():
        _inform(f"Upgrading the tables from version {current} to {head}.")
        storage.upgrade()
        _inform("Upgraded the storage.")
    else:
        raise _usage_error(
            f"The tables have version {current}, this parzen knows them up to {head}: a newer parzen is needed."
        )


@subcommand(
    "ask",
    STUDY_NAME,
    option("--sampler", help="Class name of the sampler, as TPESampler."),
    option("--sampler-kwargs", metavar="JSON", help="The sampler's arguments, as a JSON object."),
    option("--search-space", metavar="JSON", help="Names and distributions (distribution_to_json), as a JSON object."),
    _format("json"),
    FLATTEN,
)
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
    _inform(f"Asked trial {trial.number} with parameters {trial.params}.")
    _show(list_asked(trial), format, flatten, single=True)


def _read_json(option: str, text: str | None) -> dict[str, Any]:
    """Read an option whose value is a JSON object; one not given is an empty one."""
    try:
        content = json.loads("{}" if text is None else text)
    except json.JSONDecodeError as error:
        raise _usage_error(f"{option} expects a JSON object, found {text!r}: {error}.") from None
    if not isinstance(content, dict):
        raise _usage_error(f"{option} expects a JSON object, found {text!r}.")
    return content


def _read_search_space(text: str | None) -> dict[str, BaseDistribution]:
    from parzen.distributions import json_to_distribution

    space = {}
    for name, attributes in _read_json("--search-space", text).items():
        if not isinstance(attributes, dict):
            raise _usage_error(f"--search-space expects a JSON object for {name!r}, found {attributes!r}.")
        space[name] = json_to_distribution(json.dumps(attributes))
    return space


def _make_sampler(name: str | None, arguments: str | None) -> BaseSampler | None:
    from parzen import samplers

    if name is None:
        if arguments is not None:
            raise _usage_error("--sampler-kwargs needs --sampler: name the sampler's class as well.")
        return None
    known = sorted(entry for entry in samplers.__all__ if entry.endswith("Sampler") and entry != "BaseSampler")
    if name not in known:
        raise _usage_error(f"--sampler knows no {name!r}; expected one of {', '.join(known)}.")
    sampler: BaseSampler = getattr(samplers, name)(**_read_json("--sampler-kwargs", arguments))
    return sampler


@subcommand(
    "tell",
    STUDY_NAME,
    option("--trial-number", type=int, help="The trial's number, as printed by ask."),
    option("--values", type=float, multiple=True, help="Objective values, as --values 0.1 0.2."),
    option("--state", type=STATES, help="The trial's state; complete if there are values."),
    option("--skip-if-finished", is_flag=True, help="Do nothing if the trial is finished already."),
)
def tell(
    session: Session,
    study_name: str | None,
    trial_number: int | None,
    values: tuple[float, ...],
    state: str | None,
    skip_if_finished: bool,
) -> None:
    """Finish a trial that `ask` started."""
    from parzen.trial import TrialState

    if trial_number is None:
        raise _usage_error("No trial is named: give --trial-number NUMBER.")
    told = list(values) or None
    outcome = None if state is None else TrialState[state.upper()]
    study = session.load_study(study_name)
    study.tell(trial_number, values=told, state=outcome, skip_if_finished=skip_if_finished)
    _inform(f"Told trial {trial_number} with values {told} and state {outcome}.")


@subcommand(
    "demo",
    option("--study-name", default="digits", show_default=True, help="The study's name."),
    option("--trials", type=int, default=40, show_default=True, help="How many trials to run."),
    option("--timeout", type=float, metavar="SECONDS", help="Start no trial after this time."),
    option("--jobs", type=int, default=1, show_default=True, help="How many trials to run at once."),
    option("--backend", type=("numpy", "torch"), default="numpy", show_default=True, help="What the network runs on."),
    option("--seed", type=int, help="Make the run repeatable."),
)
def demo(
    session: Session, study_name: str, trials: int, timeout: float | None, jobs: int, backend: str, seed: int | None
) -> None:
    """Tune a small classifier of handwritten digits."""
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


@subcommand("help")
def show_help(session: Session) -> None:
    """Show this help."""
    import click

    print(click.get_current_context().find_root().get_help())


def application() -> click.Group:
    """Build the tree of sub-commands; global options may stand before a sub-command, after it, or both."""
    import click

    root = click.Group(
        "parzen",
        callback=_begin,
        params=_parameters(GLOBAL_OPTIONS),
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Look after studies and their trials, and run trials from a shell with ask and tell.",
    )
    for path, action, options in SUBCOMMANDS:
        *outer, name = path.split()
        parent = _group_in(root, outer[0]) if outer else root
        callback = partial(_run, action)
        parameters = _parameters((*options, *GLOBAL_OPTIONS))
        parent.add_command(click.Command(name, callback=callback, params=parameters, help=action.__doc__))
    return root


def _parameters(options: Sequence[Option]) -> list[click.Parameter]:
    import click

    def kind(settings: dict[str, Any]) -> Any:
        words = settings.get("type")
        return click.Choice(words) if isinstance(words, tuple) else words

    return [click.Option(entry.names, **{**entry.settings, "type": kind(entry.settings)}) for entry in options]


def _group_in(root: click.Group, name: str) -> click.Group:
    import click

    if name not in root.commands:
        parameters = _parameters(GLOBAL_OPTIONS)
        group = click.Group(
            name, callback=_enter, params=parameters, no_args_is_help=False, help=f"Commands for a {name}."
        )
        root.add_command(group)
    group = root.commands[name]
    assert isinstance(group, click.Group)
    return group


def _begin(**given: Any) -> None:
    import click

    _enter(**given)
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        print(context.get_help())


def _run(action: Callable[..., None], **given: Any) -> int:
    own = {entry.name: given.pop(entry.name) for entry in fields(Session)}
    return perform(action, _enter(**own), given)


def _enter(**given: Any) -> Session:
    """Add the global options of one level of the command line to those of the levels above."""
    import click

    context = click.get_current_context()
    session: Session = (context.obj or Session.from_environment()).followed_by(given)
    if session.quiet and session.verbose:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    context.obj = session
    return session
