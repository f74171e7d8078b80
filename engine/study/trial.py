"""A running trial: the handle by which an objective asks for parameters and reports."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from ...pruners import PromotingPruner
from ...pruners.base import view_of
from ...samplers.base import draws_columns
from ..distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
    check_same_kind,
)
from ..records import (
    FIXED,
    PAUSED_AT,
    BaseTrial,
    Choice,
    FrozenTrial,
    checkpoint_of,
    internal_of,
    new_constraint,
    report_attr,
)
from ..values import copied_items, owned, owned_items
from .core import StudyCore


class Trial(BaseTrial):
    """A running trial of a study; `Study.ask` makes it, or `Study.optimize` for the objective.

    Parameters
    ----------
    study
        The study.
    trial_id
        Identifier of the trial in the study's storage; another process may take up a running trial by it. -1 for a
        draft, which is stored later.
    record
        The record of a draft.
    prepares
        Let the sampler choose at once what it samples jointly; not for a trial that has its parameters.
    """

    def __init__(
        self, study: StudyCore, trial_id: int, *, record: FrozenTrial | None = None, prepares: bool = True
    ) -> None:
        self._study = study
        self.storage = study._storage
        self._trial_id = trial_id
        self._record = study._storage.live_record(trial_id) if record is None else record
        self._fixed: Mapping[str, Any] = self._record.system_attrs.get(FIXED, {})
        self.relative_search_space: dict[str, BaseDistribution] = {}
        self._relative: dict[str, Any] = {}
        self._ready: dict[str, BaseDistribution] = {}  # what parzen's own sampler drew jointly from
        self._repeated: int | None = None  # step of the last report, if another process had come there before it died
        self._is_to_pause = False
        self._drawn: dict[str, float] = {}  # internal values that a sampler gave beside the one asked for
        self._column_sampler = study.sampler if draws_columns(study.sampler) else None
        self._seen_by_sampler = view_of(study, self._record.number)  # the study as the pruner shows it to the sampler
        if prepares:
            self._prepare()

    def _prepare(self) -> None:
        """Let the sampler choose what it samples jointly."""
        study, record, sampler = self._seen_by_sampler, self._record, self._study.sampler
        sampler.before_trial(study, record)
        self.relative_search_space = sampler.infer_relative_search_space(study, record)
        self._relative = sampler.sample_relative(study, record, self.relative_search_space)
        if self._column_sampler is not None and not self._fixed:
            self._ready = self.relative_search_space

    @property
    def study(self) -> Any:
        """The study to which the trial belongs."""
        return self._study

    # --- parameters --------------------------------------------------------------------------------------------------

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a float in ``[low, high]``.

        Parameters
        ----------
        name
            Name of the parameter.
        low, high
            Ends of the range, both included.
        step
            Spacing of a grid from `low`; not together with `log`.
        log
            Sample on a log scale.

        Raises
        ------
        ValueError
            If the range is empty, or the study knows the name with another kind of domain.
        """
        key = (FloatDistribution, low, high, step, log)
        seen = self._study._seen.get(name)
        if seen is None or seen[0] != key:
            seen = self._study.remember(name, key, FloatDistribution(low, high, log=log, step=step))
        value: float = self._suggest(name, seen[1])
        return value

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Suggest an integer in ``[low, high]``; see `suggest_float`."""
        key = (IntDistribution, low, high, step, log)
        seen = self._study._seen.get(name)
        if seen is None or seen[0] != key:
            seen = self._study.remember(name, key, IntDistribution(low, high, log=log, step=step))
        value: int = self._suggest(name, seen[1])
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:
        """Suggest one of the choices; they must stay the same throughout a study.

        Parameters
        ----------
        name
            Name of the parameter.
        choices
            None, bool, int, float or str each; see `CategoricalDistribution` for others. An object is one of this call,
            whatever other trials gave; a list is a copy, to do with as you like.
        """
        seen = self._study._seen.get(name)
        known = None if seen is None else seen[1]
        if not isinstance(known, CategoricalDistribution) or not known.is_of(choices):
            made = CategoricalDistribution(choices)
            known = cast(CategoricalDistribution, self._study.remember(name, (CategoricalDistribution,), made)[1])
        value: Any = self._suggest(name, known)
        return cast(Choice, known.own(value) if known.has_objects else value)

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        params = self._record.params
        if name in params:
            return self._suggested_before(name, distribution)
        if name in self._relative and self._ready.get(name) is distribution:  # what nearly every call finds
            internal = distribution.to_internal_repr(self._relative[name])
        else:
            internal = self._draw(name, distribution)
        self.storage.set_trial_param(self._trial_id, name, internal, distribution)
        if name not in params:  # the storage keeps a record of its own
            params[name] = distribution.to_external_repr(internal)
            self._record.distributions[name] = distribution
        return params[name]

    def _draw(self, name: str, distribution: BaseDistribution) -> float:
        """Find an internal value: fixed by `enqueue_trial`, the only possible one, sampled jointly, or by itself."""
        if name in self._fixed:
            return self._fixed_value(name, distribution)
        internal = distribution.only_value
        if internal is not None:
            return internal
        if name in self._relative:
            # A sampler looks at the distributions of one label as one.
            sampled = self._study.history.canonical(name, distribution) if distribution.has_objects else distribution
            if self.relative_search_space.get(name) is sampled or self._relative_fits(name, sampled):
                return sampled.to_internal_repr(self._relative[name])
        sampler = self._column_sampler
        if sampler is None:
            value = self._study.sampler.sample_independent(self._seen_by_sampler, self._record, name, distribution)
            return internal_of(f"{self._study.sampler} sampled", name, value, distribution)
        if name in self._drawn:
            internal = self._drawn.pop(name)
            if distribution._contains(internal) and self._has_latest_choices(name, distribution):
                return internal
        drawn = sampler.draw(self._seen_by_sampler, self._record, name, distribution)
        internal = drawn.pop(name)
        if drawn:
            self._drawn = drawn
        return internal

    def _has_latest_choices(self, name: str, distribution: BaseDistribution) -> bool:
        if not isinstance(distribution, CategoricalDistribution):
            return True
        return self._study.history.latest(name).label == distribution.label

    def _fixed_value(self, name: str, distribution: BaseDistribution) -> float:
        value = self._fixed[name]
        internal = internal_of(f"Trial {self.number} was enqueued with", name, value, distribution)
        if not distribution._contains(internal):
            warnings.warn(
                f"Fixed parameter {name} with value {value} is out of range for distribution {distribution}.",
                stacklevel=5,
            )
        return internal

    def _relative_fits(self, name: str, distribution: BaseDistribution) -> bool:
        sampled_from = self.relative_search_space.get(name)
        if sampled_from is None:
            raise ValueError(
                f"The sampler {self._study.sampler} sampled the parameter {name!r}, which is not in its relative "
                f"search space {list(self.relative_search_space)}."
            )
        check_same_kind(sampled_from, distribution)
        try:
            return distribution._contains(distribution.to_internal_repr(self._relative[name]))
        except ValueError:  # none of today's choices
            return False

    def _suggested_before(self, name: str, distribution: BaseDistribution) -> Any:
        known = self._record.distributions[name]
        if known is not distribution:
            check_distribution_compatibility(known, distribution)
            if known != distribution and known.label != distribution.label:
                warnings.warn(
                    f"The parameter {name!r} of this trial was suggested from {known} before; its value stays, and "
                    f"{distribution} is ignored. Suggest a name once per trial, or under one range.",
                    RuntimeWarning,
                    stacklevel=4,
                )
        return self._record.params[name]

    def suggest_all(self, distributions: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        """Suggest several parameters and store them in one transaction.

        Parameters
        ----------
        distributions
            Distributions by parameter name.

        Returns
        -------
        params
            External values by parameter name.
        """
        drawn: dict[str, tuple[float, BaseDistribution]] = {}
        try:
            self._draw_all(distributions, drawn)
            self.storage.set_trial_params(self._trial_id, drawn)
        except BaseException:
            for name in drawn:
                self._record.params.pop(name, None)
                self._record.distributions.pop(name, None)
            raise
        return owned_items({name: self._suggest(name, distribution) for name, distribution in distributions.items()})

    def _draw_all(
        self, distributions: Mapping[str, BaseDistribution], drawn: dict[str, tuple[float, BaseDistribution]]
    ) -> None:
        """Draw what the record does not have yet; the record gets it at once, for the next draw depends on it."""
        record = self._record
        for name, distribution in distributions.items():
            if name not in record.params:
                drawn[name] = (self._draw(name, distribution), distribution)
                record.params[name] = distribution.to_external_repr(drawn[name][0])
                record.distributions[name] = distribution

    # --- reports -----------------------------------------------------------------------------------------------------

    def report(self, value: float | Sequence[float], step: int) -> None:
        """Report an intermediate value of the objective, for pruning and for plots.

        Parameters
        ----------
        value
            What a float can be made of, or with several objectives one of each; NaN and infinities are kept.
        step
            A non-negative integer, such as the number of epochs trained. The first report of a step counts.

        Raises
        ------
        TypeError
            If `value` or `step` is no number.
        ValueError
            If `step` is negative, or there is not one value for each objective.
        NotImplementedError
            If a single number is reported in a study of several objectives.
        """
        values = self._reported(value)
        try:
            at = int(step)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"The `step` argument is of type '{type(step)}' but supposed to be an int: got {step!r}."
            ) from error
        if not 0 <= at < 2**63:
            raise ValueError(f"The `step` argument must be in [0, 2^63), but got {step}. Count steps from 0 or 1.")
        self._is_to_pause, self._repeated = False, None
        if at not in self._record.intermediate_values:
            self._store_report(values, at)
            return
        self._repeated = at
        if self._record.system_attrs.get(PAUSED_AT) is None or at <= self.resume_step:
            warnings.warn(f"The reported value is ignored because step={at} is already reported.", stacklevel=2)

    def _store_report(self, values: list[float], step: int) -> None:
        if len(values) > 1:
            self._set_system_attr(report_attr(step), values)
        self.storage.set_trial_intermediate_value(self._trial_id, step, values[0])
        self._record.intermediate_values[step] = values[0]

    def _reported(self, value: Any) -> list[float]:
        """Turn what was reported into floats, one for each objective."""
        n_objectives = len(self._study._directions)
        if n_objectives == 1:
            return [_to_float(value)]
        if hasattr(value, "tolist"):  # an array, or a tensor of whatever device
            value = value.tolist()
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise NotImplementedError(
                f"In a multi-objective study Trial.report takes one value for each of the {n_objectives} objectives, "
                f"but got {value!r}: report([...], step)."
            )
        if len(value) != n_objectives:
            raise ValueError(f"Expected a report of {n_objectives} values, one for each objective, but got {value!r}.")
        return [_to_float(x) for x in value]

    def should_prune(self) -> bool:
        """Ask the study's pruner whether the trial should stop now; if so, raise `TrialPruned`.

        Raises
        ------
        NotImplementedError
            In a study of several objectives, unless the pruner compares several.
        """
        self._check_objectives("should_prune")
        self._study.sync()
        return bool(self._study.pruner.prune(self._study, self._record))

    def _check_objectives(self, method: str) -> None:
        pruner, n_objectives = self._study.pruner, len(self._study._directions)
        if n_objectives > 1 and not getattr(pruner, "multi_objective", False):
            raise NotImplementedError(
                f"Trial.{method} is not supported for multi-objective optimization by {type(pruner).__name__}, which "
                f"compares one value. Give the study a pruner that compares {n_objectives}: ASHAPruner, "
                "SyncHyperbandPruner or NopPruner."
            )

    def should_pause(self) -> bool:
        """Ask the study's pruner whether the trial should pause now; if so, tell it with `TrialState.PAUSED`.

        Keep what training needs to go on, such as the path of a checkpoint, in a user attribute before.
        `Study.ask` gives the trial back if it turns out to be one of the best. Only a `PromotingPruner` pauses trials.
        """
        pruner = self._study.pruner
        if not isinstance(pruner, PromotingPruner):
            return False
        self._check_objectives("should_pause")
        self._study.sync()
        if self._repeated is None or self._repeated >= pruner.next_rung(self._study, self._record):
            self._is_to_pause |= pruner.pause(self._study, self._record)  # which says so once
        return self._is_to_pause

    @property
    def resume_step(self) -> int:
        """The step behind which the trial goes on: the last one before its pause, 0 for one that starts afresh."""
        return self._record.system_attrs.get(PAUSED_AT) or 0

    @property
    def resume_from(self) -> int | None:
        """Number of the trial whose checkpoint, of `resume_step`, is to be loaded; None for one that starts afresh.

        It is the trial's own if it paused, and its parent's if population based training has just forked it.
        """
        found = checkpoint_of(self.number, self._record.system_attrs)
        return None if found is None else found.number

    @property
    def next_rung(self) -> int | None:
        """The step up to which the trial is to run before it is compared with others.

        At the last one it is complete. None unless the study's pruner is a `PromotingPruner`.
        """
        pruner = self._study.pruner
        return pruner.next_rung(self._study, self._record) if isinstance(pruner, PromotingPruner) else None

    # --- attributes --------------------------------------------------------------------------------------------------

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach an attribute, JSON if the study is stored.

        Parameters
        ----------
        key
            Its name; an attribute of that name is replaced.
        value
            Its value.
        """
        self.storage.set_trial_user_attr(self._trial_id, key, owned(value))
        if not self.storage.keeps_live_records:
            self._record.user_attrs[key] = owned(value)

    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint.

        Parameters
        ----------
        key
            Its name; the first value set under a name counts.
        value
            At most 0 where the constraint is satisfied; the larger, the worse it is violated.

        Raises
        ------
        TypeError
            If `value` is no number.
        ValueError
            If `value` is NaN.
        """
        for attr, number in new_constraint(self._record.system_attrs, key, value).items():
            self._set_system_attr(attr, number)

    def _set_system_attr(self, key: str, value: Any) -> None:
        self.storage.set_trial_system_attr(self._trial_id, key, value)
        if not self.storage.keeps_live_records:
            self._record.system_attrs[key] = owned(value)

    @property
    def number(self) -> int:
        """Number of the trial in its study, from 0."""
        return self._record.number

    @property
    def params(self) -> dict[str, Any]:
        """A copy of the parameters suggested so far, by name."""
        return owned_items(self._record.params)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """A copy of the distributions suggested so far, by name."""
        return dict(self._record.distributions)

    @property
    def relative_params(self) -> dict[str, Any]:
        """A copy of what the sampler sampled jointly, whether suggested yet or not."""
        return owned_items(self._relative)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """A copy of the user attributes, in depth."""
        return copied_items(self._record.user_attrs)

    @property
    def constraints(self) -> dict[str, float]:
        """Constraint values by key."""
        return self._record.constraints

    @property
    def datetime_start(self) -> datetime | None:
        """When the trial started, naive local time."""
        return self._record.datetime_start


def _to_float(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"The `value` argument is of type '{type(value)}' but supposed to be a float: got {value!r}."
        ) from error
    return number if number == number else math.nan  # one NaN for all, see `Reports.of`
