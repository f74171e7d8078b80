"""A study's trials as a pandas DataFrame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..records import ERROR, FrozenTrial
from .core import StudyCore

if TYPE_CHECKING:
    import pandas as pd


FrameColumns = dict[tuple[str, Any], list[Any]]  # by attribute and key; the key is "" for an attribute without

_PLURAL = {"params", "user_attrs", "system_attrs", "intermediate_values", "distributions"}


def trials_dataframe(study: StudyCore, attrs: tuple[str, ...], multi_index: bool) -> pd.DataFrame:
    """Build the frame; see `Study.trials_dataframe`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('pandas is needed for a DataFrame: pip install "parzen[dataframe]"') from error
    trials = study.get_trials(deepcopy=False)
    if not trials:
        empty: pd.DataFrame = pd.DataFrame()
        return empty
    columns: FrameColumns = {}
    for attr in attrs:
        columns.update(_columns(study, trials, attr))
    frame: pd.DataFrame = pd.DataFrame(dict(enumerate(columns.values())))
    if multi_index:
        frame.columns = pd.MultiIndex.from_tuples(columns)
    else:
        frame.columns = pd.Index(["_".join(str(part) for part in name if part != "") for name in columns])
    return frame


def _columns(study: StudyCore, trials: list[FrozenTrial], attr: str) -> FrameColumns:
    """Give the columns of one attribute: one, or one for each of its keys."""
    if attr == "values" or (attr == "value" and len(study.directions) > 1):
        return _value_columns("values", study.metric_names or range(len(study.directions)), trials)
    if attr == "value":
        return _value_columns("value", study.metric_names or [""], trials)
    if attr == "state":
        return {("state", ""): [trial.state.name for trial in trials]}
    found = [getattr(trial, attr) for trial in trials]
    if attr not in _PLURAL:
        return {(attr.removeprefix("_"), ""): found}
    keys = {key for mapping in found for key in mapping} - {ERROR}  # a frame of failures is as wide as Optuna's
    ordered = sorted(keys, key=lambda key: (str(type(key)), key))
    return {(attr, key): [mapping.get(key, math.nan) for mapping in found] for key in ordered}


def _value_columns(attr: str, keys: Iterable[Any], trials: list[FrozenTrial]) -> FrameColumns:
    return {
        (attr, key): [math.nan if trial.values is None else trial.values[i] for trial in trials]
        for i, key in enumerate(keys)
    }
