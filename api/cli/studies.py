"""The sub-commands that make, delete and list studies, and those that print trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from parzen.cli.declare import flatten, global_options, output_format, root, show, study_name, subcommand
from parzen.cli.format import list_names, list_studies, list_trials
from parzen.cli.session import Session, inform, usage_error

if TYPE_CHECKING:
    from parzen.storages import BaseStorage

Direction = Literal["minimize", "maximize"]

DIRECTIONS = click.Choice(get_args(Direction))


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
        storage=session.open_storage(may_be_new=True),
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

    storage = session.open_storage()
    if study_name is None:
        raise usage_error("No study is named: give --study-name NAME.")
    try:
        parzen.delete_study(study_name=study_name, storage=storage)
    except KeyError:
        raise session.no_such_study(study_name) from None


@root.group("study", params=global_options(), no_args_is_help=False)
def study_group(**_: Any) -> None:
    """Change a study."""


@subcommand(study_group, "set-user-attr")
@study_name(required=True)
@click.option("-k", "--key", required=True, help="The attribute's name.")
@click.option("--value", required=True, help="Its value, kept as text.")
def set_user_attr(session: Session, study_name: str, key: str, value: str) -> None:
    """Set a user attribute of a study."""
    session.load_study(study_name).set_user_attr(key, value)
    inform("Attribute successfully written.")


def _to_list(session: Session) -> BaseStorage:
    """Open a storage to list its studies: a SQLite file that is not there has none, and no list makes it."""
    return session.open_storage(may_be_new=session.is_sqlite)


@subcommand(root, "study-names")
@output_format("value")
def study_names(session: Session, format: str) -> None:
    """Print the names of all studies."""
    import parzen

    show(list_names(parzen.get_all_study_names(_to_list(session))), format)


@subcommand(root, "studies")
@output_format("table")
@flatten
def studies(session: Session, format: str, flatten: bool) -> None:
    """Print all studies."""
    import parzen

    summaries = parzen.get_all_study_summaries(_to_list(session), include_best_trial=False)
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
