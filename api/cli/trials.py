"""The sub-commands that ask and tell trials, and the demonstration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from parzen.cli.declare import flatten, output_format, root, show, study_name, subcommand
from parzen.cli.format import list_asked
from parzen.cli.session import Session, inform, usage_error

if TYPE_CHECKING:
    from parzen.distributions import BaseDistribution
    from parzen.samplers import BaseSampler

ABSTRACT_SAMPLERS = ("BaseGASampler", "BaseSampler", "Sampler")
STATES = click.Choice(["complete", "pruned", "fail"])


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
    storage = session.open_storage()
    chosen = _make_sampler(sampler, sampler_kwargs)
    space = _read_search_space(search_space)
    study = session.load_study(study_name, storage, chosen)
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
            raise usage_error(
                "--sampler-kwargs is given without --sampler: name the sampler's class as well, or leave them out."
            )
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

    study = session.load_study(study_name)
    if trial_number is None:
        raise usage_error("No trial is named: give --trial-number NUMBER.")
    told = list(values) or None
    outcome = None if state is None else TrialState[state.upper()]
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


@subcommand(root, "warmup")
def warmup(session: Session) -> None:
    """Compile the kernels and keep them on disk, for an image or a cluster."""
    from parzen.samplers import rehearsals

    if rehearsals.prepare():
        inform("The compiled kernels are ready. A process on this kind of processor now loads them in a second or two.")
    else:
        inform("Nothing is compiled with NUMBA_DISABLE_JIT=1: NumPy computes.")


@subcommand(root, "help")
def show_help(session: Session) -> None:
    """Show this help."""
    click.echo(click.get_current_context().find_root().get_help())
