"""The order of trials of one objective from best to worst, from their records and one key each."""

import math

from parzen.study import StudyDirection
from parzen.trial import TrialState


def rank(study):
    """Numbers of the complete and pruned trials, from best to worst."""
    sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0

    def key(trial):
        violation = sum(max(value, 0.0) for value in trial.constraints.values())
        if violation > 0:
            return 2, violation, 0.0
        if trial.state == TrialState.COMPLETE:
            return 0, sign * trial.value, 0.0
        if trial.last_step is None:
            return 1, 1.0, math.inf
        report = sign * trial.intermediate_values[trial.last_step]
        return 1, -float(trial.last_step), math.inf if math.isnan(report) else report

    counted = [t for t in study.trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    return [trial.number for trial in sorted(counted, key=key)]
