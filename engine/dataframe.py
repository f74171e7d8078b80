"""A study's trials as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .frozen import FrozenTrial

if TYPE_CHECKING:
    import pandas as pd

    from .study import Study

_PLURAL = {"params", "user_attrs", "system_attrs", "intermediate_values", "distributions"}


def trials_dataframe(study: Study, attrs: tuple[str, ...], multi_index: bool) -> pd.DataFrame:
    """Build the frame; see `Study.trials_dataframe`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('pandas is needed for a DataFrame: pip install "parzen[dataframe]"') from error
    trials = study.get_trials(deepcopy=False)
    if not trials:
        return pd.DataFrame()
    columns: dict[tuple[str, str], list[Any]] = {}
    for attr in attrs:
        columns.update(_columns(study, trials, attr))
    frame = pd.DataFrame({i: values for i, values in enumerate(columns.values())})
    if multi_index:
        frame.columns = pd.MultiIndex.from_tuples(columns)
    else:
        frame.columns = pd.Index(["_".join(filter(None, name)) for name in columns])
    return frame


def _columns(study: Study, trials: list[FrozenTrial], attr: str) -> dict[tuple[str, str], list[Any]]:
    """Give the columns of one attribute: one, or one for each of its keys."""
    if attr in ("value", "values"):
        return _value_columns(study, trials)
    if attr == "state":
        return {("state", ""): [trial.state.name for trial in trials]}
    found = [getattr(trial, attr) for trial in trials]
    if attr not in _PLURAL:
        return {(attr, ""): found}
    keys = sorted({key for mapping in found for key in mapping}, key=lambda key: (str(type(key)), key))
    return {(attr, str(key)): [mapping.get(key) for mapping in found] for key in keys}


def _value_columns(study: Study, trials: list[FrozenTrial]) -> dict[tuple[str, str], list[Any]]:
    names, m = study.metric_names, len(study.directions)
    if m == 1:
        return {("value", names[0] if names else ""): [trial.value for trial in trials]}
    return {
        ("values", names[i] if names else str(i)): [None if t.values is None else t.values[i] for t in trials]
        for i in range(m)
    }
