"""Making, finding, copying and deleting studies."""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import Enum
from typing import Literal

from ...pruners import BasePruner
from ...samplers import BaseSampler
from ...storage import BaseStorage, get_storage
from ..exceptions import DuplicatedStudyError
from ..logging import get_logger
from ..records import PARENTS, FrozenTrial, StudyDirection, StudySummary, TrialState
from .core import check_parts
from .origin import record_origin
from .study import Study

Direction = Literal["minimize", "maximize"] | StudyDirection

_logger = get_logger(__name__)


def create_study(
    *,
    storage: str | BaseStorage | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
    study_name: str | None = None,
    direction: Direction | None = None,
    load_if_exists: bool = False,
    directions: Sequence[Direction] | None = None,
) -> Study:
    """Create a study.

    Parameters
    ----------
    storage
        A URL such as ``sqlite:///file.db``, a storage, or None for memory.
    sampler
        Chooses parameters; `AutoSampler` by default.
    pruner
        Stops trials early; `MedianPruner` by default.
    study_name
        Its name; made up by default.
    direction
        ``"minimize"`` (the default) or ``"maximize"``.
    load_if_exists
        Go on with the study of that name if there is one, instead of raising.
    directions
        One direction an objective, for several objectives.

    Raises
    ------
    ValueError
        If a direction is unknown, or both `direction` and `directions` are given.
    DuplicatedStudyError
        If a study of that name exists.

    Examples
    --------
    >>> study = parzen.create_study(direction="maximize", storage="sqlite:///study.db", study_name="mine")
    """
    parsed = _parse_directions(direction, directions)
    check_parts(sampler, pruner)  # before anything is stored
    where = get_storage(storage)
    try:
        study_id = where.create_new_study(parsed, study_name)
    except DuplicatedStudyError as error:
        if not load_if_exists or study_name is None:
            raise DuplicatedStudyError(
                f"Another study with study_name={study_name!r} already exists. Specify another name, or go on with the "
                "existing study by `load_if_exists=True` (in Python) or `--skip-if-exists` (on the command line). "
                "`parzen.get_all_study_names(storage)` lists the names."
            ) from error
        _logger.info(f"Using an existing study with `study_name={study_name!r}` instead of creating a new one.")
        return Study(study_name, where, sampler, pruner)
    name = where.get_study_name_from_id(study_id)
    _logger.info(f"A new study created in {getattr(where, 'called', 'storage')} with name: {name}")
    study = Study(name, where, sampler, pruner)
    record_origin(study)
    return study


def _parse_directions(direction: Direction | None, directions: Sequence[Direction] | None) -> list[StudyDirection]:
    if direction is not None and directions is not None:
        raise ValueError("Specify only one of `direction` and `directions`.")
    if isinstance(directions, str):
        raise ValueError(f"`directions` must be a list, one for each objective, but got {directions!r}.")
    listed = list(directions) if directions is not None else [direction if direction is not None else "minimize"]
    if not listed:
        raise ValueError("The number of objectives must be greater than 0, but `directions` is empty.")
    return [_parse_direction(d) for d in listed]


def _parse_direction(direction: object) -> StudyDirection:
    for known in (StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE):
        name = direction.name.lower() if isinstance(direction, Enum) else direction  # Optuna's directions, too
        if name == known.name.lower():
            return known
    raise ValueError(
        f"Each direction must be `minimize` or `maximize`, but got {direction!r}. A single objective takes "
        "`direction`, several take a list in `directions`."
    )


def load_study(
    *,
    study_name: str | None,
    storage: str | BaseStorage,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """Load a study.

    Parameters
    ----------
    study_name
        Its name; None takes the only study of the storage.
    storage
        A URL or a storage.
    sampler, pruner
        Not stored with a study, so give them again.

    Raises
    ------
    KeyError
        If there is no such study.
    ValueError
        If no name is given and the storage holds not just one study.
    """
    where = get_storage(storage)
    if study_name is None:
        names = get_all_study_names(where)
        if len(names) != 1:
            raise ValueError(
                f"Could not determine the study to load: expected one study in the storage, but found {len(names)}. "
                "Please specify `study_name`."
            )
        study_name = names[0]
        _logger.info(f"Study name was omitted; loading {study_name!r}, the only study of the storage.")
    return Study(study_name, where, sampler, pruner)


def delete_study(*, study_name: str, storage: str | BaseStorage) -> None:
    """Delete a study with all its trials; ``KeyError`` if there is none of that name."""
    where = get_storage(storage)
    where.delete_study(where.get_study_id_from_name(study_name))


def copy_study(
    *,
    from_study_name: str,
    from_storage: str | BaseStorage,
    to_storage: str | BaseStorage,
    to_study_name: str | None = None,
) -> None:
    """Copy a study with its attributes and trials.

    Parameters
    ----------
    to_study_name
        Name of the copy, by default the same.

    Raises
    ------
    DuplicatedStudyError
        If the name is taken.
    """
    source = load_study(study_name=from_study_name, storage=from_storage)
    target = create_study(study_name=to_study_name or from_study_name, storage=to_storage, directions=source.directions)
    for key, value in source._storage.get_study_system_attrs(source._study_id).items():
        if PARENTS in key:  # identifiers that mean nothing in the copy
            continue
        target._storage.set_study_system_attr(target._study_id, key, value)
    for key, value in source.user_attrs.items():
        target.set_user_attr(key, value)
    target._storage.create_new_trials(target._study_id, source.get_trials(deepcopy=False))


def get_all_study_names(storage: str | BaseStorage) -> list[str]:
    """List the names of all studies."""
    return [study.study_name for study in get_storage(storage).get_all_studies()]


def get_all_study_summaries(storage: str | BaseStorage, include_best_trial: bool = True) -> list[StudySummary]:
    """List all studies with their size, start and best trial.

    Parameters
    ----------
    include_best_trial
        Look for the best trials, too.
    """
    where = get_storage(storage)
    summaries = []
    for study in where.get_all_studies():
        n_trials, start = where.get_size(study._study_id)
        is_ranked = include_best_trial and len(study.directions) == 1
        summaries.append(
            StudySummary(
                study_name=study.study_name,
                direction=None,
                directions=study.directions,
                best_trial=_best_trial(where, study._study_id) if is_ranked else None,
                user_attrs=study.user_attrs,
                n_trials=n_trials,
                datetime_start=start,
                study_id=study._study_id,
            )
        )
    return summaries


def _best_trial(storage: BaseStorage, study_id: int) -> FrozenTrial | None:
    try:
        return storage.get_best_trial(study_id)
    except ValueError:  # there is none yet
        return None


class MaxTrialsCallback:
    """A callback that stops a study once it holds a number of trials, those of other workers included.

    Parameters
    ----------
    n_trials
        Number of trials.
    states
        States that count, None for all.
    """

    def __init__(self, n_trials: int, states: Container[TrialState] | None = (TrialState.COMPLETE,)) -> None:
        self._n_trials = n_trials
        self._states = states

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study if it holds enough trials."""
        history = study.sync()
        with history.lock:
            if history.count(self._states) >= self._n_trials:
                study.stop()
