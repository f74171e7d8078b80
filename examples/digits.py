"""
``parzen demo``: tune a neural network on handwritten digits.

Each trial draws settings from a conditional search space (``digits_space.py``), trains a network (``digits_numpy.py``
or ``digits_torch.py``) and reports its validation accuracy after every epoch; the pruner ends what falls behind. The
direction is *maximize*. From Python::

    from parzen.examples.digits import tune
    study = tune(storage="sqlite:///digits.db", n_trials=40)
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import parzen
from parzen.examples.digits_data import Digits, Images, Labels, load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_report import Progress, announcement, summary
from parzen.examples.digits_space import Settings, suggest_settings

N_EPOCHS = 20


class Network(Protocol):
    """What the objective needs of a network."""

    def train_epoch(self, images: Images, labels: Labels) -> float:
        """Train once on every image; return the mean loss."""

    def accuracy(self, images: Images, labels: Labels) -> float:
        """Return the share of images classified rightly."""


class Interrupted(Exception):
    """Ctrl-C was pressed while a trial was running."""


def tune(
    storage: str | None = None,
    study_name: str = "digits",
    n_trials: int | None = 40,
    timeout: float | None = None,
    n_jobs: int = 1,
    backend: str = "numpy",
    seed: int | None = None,
) -> parzen.Study:
    """
    Tune the network, show the progress, print a summary.

    Ctrl-C stops after the epoch in progress: running trials are recorded as failed and the summary is still printed.

    Parameters
    ----------
    storage : str or None
        Where the trials are kept, e.g. ``"sqlite:///digits.db"``; None keeps them in memory. A study that is already
        there under the same name is resumed.
    study_name : str
        Name of the study within the storage.
    n_trials : int or None
        Trials to add; None goes on until ``timeout`` or Ctrl-C.
    timeout : float or None
        Seconds after which no new trial starts.
    n_jobs : int
        Trials that run at the same time, in threads.
    backend : str
        ``"numpy"``, or ``"torch"`` (on a GPU when there is one).
    seed : int or None
        Seed of the sampler. A network's own seed is its trial number.

    Returns
    -------
    Study
        Direction "maximize", values are validation accuracies from 0 to 1.

    Raises
    ------
    ValueError
        When the backend is unknown.
    ModuleNotFoundError
        When scikit-learn, or PyTorch for the backend "torch", is not installed.
    """
    objective = Objective(load_digits(), backend)
    start = time.perf_counter()
    with log_level(parzen.logging.WARNING), one_blas_thread():
        study = parzen.create_study(
            storage=storage,
            study_name=study_name,
            direction="maximize",
            sampler=parzen.samplers.AutoSampler(seed=seed),
            pruner=parzen.pruners.MedianPruner(n_warmup_steps=3),
            load_if_exists=True,
        )
        print(announcement(study))
        with stop_on_ctrl_c(objective.stop), Progress(study, n_trials) as progress:
            study.optimize(
                objective, n_trials=n_trials, timeout=timeout, n_jobs=n_jobs, catch=(Interrupted,), callbacks=[progress]
            )
        seconds = time.perf_counter() - start
        if objective.stop.is_set():
            print("Stopped by Ctrl-C.")
        print(summary(study, progress.finished, seconds, accuracy_on_test(study, objective.data), storage))
    return study


class Objective:
    """
    Train the network of one trial, return its validation accuracy.

    Parameters
    ----------
    data : Digits
        Only the training and validation parts are used.
    backend : str
        "numpy" or "torch".
    """

    def __init__(self, data: Digits, backend: str) -> None:
        self.data = data
        self.backend = backend
        self.network_class = network_class(backend)
        self.stop = threading.Event()  # set it, and running trials end after their epoch

    def __call__(self, trial: parzen.Trial) -> float:
        """Train for ``N_EPOCHS`` epochs, or until the trial is pruned or interrupted."""
        trial.set_user_attr("backend", self.backend)
        network = self.network_class(suggest_settings(trial), trial.number)
        accuracy = math.nan
        for epoch in range(N_EPOCHS):
            loss = network.train_epoch(*self.data.train)
            accuracy = network.accuracy(*self.data.validation)
            trial.report(accuracy, epoch)
            if self.stop.is_set():
                end_study(trial)
            if trial.should_prune() or not math.isfinite(loss):
                raise parzen.TrialPruned(f"epoch {epoch}: loss {loss:.3g}, validation accuracy {accuracy:.3f}")
        return accuracy


def network_class(backend: str) -> Callable[[Settings, int], Network]:
    """Return the class of networks that a backend trains; PyTorch is imported only when it is asked for."""
    if backend == "numpy":
        return NumpyNetwork
    if backend != "torch":
        raise ValueError(f'Expected the backend "numpy" or "torch", got {backend!r}.')
    try:
        from parzen.examples.digits_torch import TorchNetwork
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'The backend "torch" needs PyTorch, which is not installed. Install it with: pip install "parzen[torch]", '
            'or use the backend "numpy".',
            name=error.name,
        ) from error
    return TorchNetwork


def accuracy_on_test(study: parzen.Study, data: Digits) -> float | None:
    """
    Train the best trial's network again and judge it on the test part, which no trial has seen.

    The seed is the trial number, so that this is the network that the trial trained. None before any trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(parzen.trial.TrialState.COMPLETE,))
    if not complete:
        return None
    best = study.best_trial
    network = network_class(best.user_attrs["backend"])(suggest_settings(best), best.number)
    for _ in range(N_EPOCHS):
        network.train_epoch(*data.train)
    return network.accuracy(*data.test)


def end_study(trial: parzen.Trial) -> None:
    """Let no further trial start, and fail this one without the traceback that a failure is usually logged with."""
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    trial.study.stop()
    raise Interrupted


@contextmanager
def stop_on_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """
    Make the first Ctrl-C set an event, so that nothing is cut off between two writes; a second one interrupts at once.

    Python delivers signals to the main thread alone; elsewhere Ctrl-C is left as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_ctrl_c(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    previous = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep each matrix product on one thread: these are so small that on a busy machine two took 60 times as long."""
    import threadpoolctl  # type: ignore[import-untyped]  # comes with scikit-learn

    with threadpoolctl.threadpool_limits(1):
        yield


@contextmanager
def log_level(level: int) -> Iterator[None]:
    """Set parzen's verbosity for a while: a line a trial would break the progress bar."""
    before = parzen.logging.get_verbosity()
    parzen.logging.set_verbosity(level)
    try:
        yield
    finally:
        parzen.logging.set_verbosity(before)


if __name__ == "__main__":
    tune(storage="sqlite:///digits.db")
