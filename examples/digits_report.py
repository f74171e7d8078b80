"""What the digits example shows: a progress bar while it runs, a plain-text summary at the end."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import cast

from tqdm import tqdm

import parzen
from parzen.examples.digits_space import Settings, suggest_settings
from parzen.trial import FrozenTrial, TrialState


class Progress:
    """
    A callback for ``study.optimize``: one step of the bar a trial, beside it the best value and the pruned count.

    ``finished`` lists the trials of this run; the study may hold more, from earlier runs and other processes.
    """

    def __init__(self, study: parzen.Study, n_trials: int | None) -> None:
        self.finished: list[FrozenTrial] = []
        self.best = max(map(accuracy, complete_trials(study)), default=None)
        self.bar = tqdm(total=n_trials, unit="trial", dynamic_ncols=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.bar.close()

    def __call__(self, study: parzen.Study, trial: FrozenTrial) -> None:
        """Take note of a finished trial."""
        self.finished.append(trial)
        if trial.state == TrialState.COMPLETE:
            self.best = accuracy(trial) if self.best is None else max(self.best, accuracy(trial))
        n_pruned = sum(trial.state == TrialState.PRUNED for trial in self.finished)
        best = "none yet" if self.best is None else percent(self.best)
        self.bar.set_postfix_str(f"best {best}, pruned {n_pruned}", refresh=False)
        self.bar.update()


def complete_trials(study: parzen.Study) -> list[FrozenTrial]:
    """Return the trials that have a value."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def accuracy(trial: FrozenTrial) -> float:
    """Return the value of a complete trial; it is None only for the others."""
    return cast(float, trial.value)


def announcement(study: parzen.Study) -> str:
    """Say whether a study begins or goes on."""
    what = "maximising validation accuracy on scikit-learn's digits (Ctrl-C stops cleanly)"
    trials = study.get_trials(deepcopy=False)
    if not trials:
        return f"New study {study.study_name!r}: {what}."
    return f"Study {study.study_name!r} holds {count_states(trials)} already; the next ones join them: {what}."


def summary(
    study: parzen.Study,
    finished: Sequence[FrozenTrial],
    seconds: float,
    test_accuracy: float | None,
    storage: str | None,
) -> str:
    """
    Tell what a run has found.

    Parameters
    ----------
    study : Study
        All trials, earlier runs' included.
    finished : sequence of FrozenTrial
        The trials of this run.
    seconds : float
        How long this run took.
    test_accuracy : float or None
        Of the best trial's network; None when no trial is complete.
    storage : str or None
        Where the study is kept.
    """
    parts = ["No trial is complete yet, so there is no best one."]
    if test_accuracy is not None:
        parts = [best_trial(study.best_trial, test_accuracy), top_trials(complete_trials(study))]
    counts = f"This run: {count_states(finished)} in {seconds:.1f} s."
    total = f"The study: {count_states(study.get_trials(deepcopy=False))}."
    return "\n\n".join([*parts, f"{counts}\n{total}", next_steps(study.study_name, storage)])


def best_trial(trial: FrozenTrial, test_accuracy: float) -> str:
    """Lay out the best trial: accuracies, then parameters."""
    rows = [
        ("validation accuracy", percent(accuracy(trial))),
        ("test accuracy", f"{percent(test_accuracy)}  (images that no trial has seen)"),
        *((name, number(value)) for name, value in trial.params.items()),
    ]
    return f"Best trial: number {trial.number}\n{aligned(rows)}"


def top_trials(trials: Iterable[FrozenTrial], n: int = 5) -> str:
    """Lay out the trials of highest accuracy, the earlier first where they tie."""
    best = sorted(trials, key=lambda trial: (-accuracy(trial), trial.number))[:n]
    header = ("trial", "accuracy", "widths", "activation", "dropout", "batch", "learning rate", "optimizer")
    rows = [(str(trial.number), percent(accuracy(trial)), *settings_row(suggest_settings(trial))) for trial in best]
    return f"Top {len(best)} of the complete trials\n{aligned([header, *rows])}"


def settings_row(settings: Settings) -> tuple[str, ...]:
    """Return a trial's cells of the table, the optimizer's own parameters in the last."""
    if settings.optimizer == "sgd":
        kind = "Nesterov momentum" if settings.nesterov else "momentum"
        optimizer = f"sgd, {kind} {number(settings.momentum)}"
    else:
        optimizer = f"adam, beta1 {number(settings.beta1)}, weight decay {number(settings.weight_decay)}"
    widths = "-".join(map(str, settings.widths))
    cells = (settings.dropout, settings.batch_size, settings.learning_rate)
    return (widths, settings.activation, *map(number, cells), optimizer)


def next_steps(study_name: str, storage: str | None) -> str:
    """Say where the trials are, how to look at them and how to go on."""
    if storage is None:
        return "The trials were kept in memory. To keep them, and resume: parzen demo --storage sqlite:///digits.db"
    where = f"--storage {shlex.quote(storage)} --study-name {shlex.quote(study_name)}"
    rows = [
        ("The trials are in", storage.removeprefix("sqlite:///")),
        ("To look at them", f"parzen trials {where}"),
        ("To resume", f"parzen demo {where}"),
    ]
    return aligned(rows)


def count_states(trials: Sequence[FrozenTrial]) -> str:
    """Return e.g. "3 trials (2 complete, 1 pruned, 0 failed)"."""
    counts = Counter(trial.state for trial in trials)
    parts = [f"{counts[TrialState.COMPLETE]} complete", f"{counts[TrialState.PRUNED]} pruned"]
    parts += [f"{counts[TrialState.FAIL]} failed"]
    if counts[TrialState.RUNNING]:
        parts += [f"{counts[TrialState.RUNNING]} running"]
    return f"{len(trials)} trial{'' if len(trials) == 1 else 's'} ({', '.join(parts)})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Pad the cells of each column to one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def percent(share: float) -> str:
    """Return e.g. "97.33 %"."""
    return f"{100 * share:.2f} %"


def number(value: object) -> str:
    """Return a parameter's value with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
