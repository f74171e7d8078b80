"""The examples: `parzen demo` and what it is made of, the ask/tell loop, the batch."""

from __future__ import annotations

import itertools
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import parzen
from parzen.examples.digits_data import N_CLASSES, N_PIXELS
from parzen.examples.digits_numpy import ACTIVATIONS, NumpyNetwork, minibatches
from parzen.examples.digits_report import aligned, count_states
from parzen.examples.digits_space import Settings
from parzen.trial import TrialState

sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="the digits come with scikit-learn")

from parzen.examples import ask_tell, digits, front, pause, pbt  # noqa: E402

DATA = digits.load_digits()
ADAM = Settings((24,), "relu", 0.0, 64, "adam", 3e-3, beta1=0.85, weight_decay=0.01)
SGD = Settings((24, 16), "tanh", 0.0, 64, "sgd", 0.03, momentum=0.8)
NESTEROV = Settings((24, 16), "silu", 0.0, 64, "sgd", 0.03, momentum=0.8, nesterov=True)
NAME = "digits"


@pytest.fixture(autouse=True)
def _one_blas_thread() -> Iterator[None]:
    with digits.one_blas_thread():
        yield


def states(study: parzen.Study) -> list[TrialState]:
    return [trial.state for trial in study.trials]


def stored_study(storage: str) -> parzen.Study:
    return parzen.load_study(study_name=NAME, storage=storage)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'digits.db'}"


# --- the data ------------------------------------------------------------------------------------------------------


def test_split_keeps_every_image_once() -> None:
    parts = (DATA.train, DATA.validation, DATA.test)
    assert [part.images.shape for part in parts] == [(1100, N_PIXELS), (300, N_PIXELS), (397, N_PIXELS)]
    labels = np.concatenate([part.labels for part in parts])
    assert np.array_equal(np.bincount(labels), np.bincount(sklearn_datasets.load_digits().target))
    images = np.concatenate([part.images for part in parts])
    n_distinct = len(np.unique(sklearn_datasets.load_digits().data, axis=0))
    assert len(np.unique(images, axis=0)) >= n_distinct - 2  # pixels that are blank in training map to themselves


def test_inputs_are_standardised_by_the_training_part_alone() -> None:
    deviation = DATA.train.images.std(axis=0)
    np.testing.assert_allclose(DATA.train.images.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(deviation[deviation > 0.0], 1.0, atol=1e-4)
    assert abs(DATA.test.images.mean(axis=0)).max() > 0.02  # 397 rows: a standard error of 0.05 a pixel


# --- the networks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_backprop_agrees_with_finite_differences(activation: str, dropout: float) -> None:
    rng = np.random.default_rng(3)
    images, labels = rng.standard_normal((7, N_PIXELS)), rng.integers(N_CLASSES, size=7)
    network = NumpyNetwork(Settings((5, 4), activation, dropout, 7, "sgd", 0.1), seed=1)
    network.parameters = [parameter.astype(np.float64) for parameter in network.parameters]

    def loss_and_gradients() -> tuple[float, list[np.ndarray]]:
        network.rng = np.random.default_rng(5)  # the same dropout each time
        return network.gradients(images, labels)

    _, gradients = loss_and_gradients()
    step = 1e-6
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        differences = np.empty_like(parameter)
        for index in np.ndindex(parameter.shape):
            value = parameter[index]
            parameter[index] = value + step
            above, _ = loss_and_gradients()
            parameter[index] = value - step
            below, _ = loss_and_gradients()
            parameter[index] = value
            differences[index] = (above - below) / (2 * step)
        # rounding: losses near 2 are known to 4e-16, so slopes to about 4e-10
        np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=5e-9)
        assert abs(gradient).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("settings", [ADAM, SGD, NESTEROV], ids=["adam", "sgd", "nesterov"])
def test_backends_take_the_same_steps(settings: Settings) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    numpy_network, torch_network = (digits.network_class(backend)(settings, 11) for backend in ("numpy", "torch"))
    for _ in range(2):  # 36 steps in float32: rounding grows from 1e-7 to far less than 1e-3
        losses = [network.train_epoch(*DATA.train) for network in (numpy_network, torch_network)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] < math.log(N_CLASSES)  # better than guessing


def test_dropout_keeps_the_mean() -> None:
    network = NumpyNetwork(Settings((8,), "relu", 0.3, 16, "sgd", 0.1), seed=0)
    mask = network.dropout_mask(np.zeros((400, 500), np.float32), 0.3)
    assert set(np.unique(mask)) == {np.float32(0.0), np.float32(1.0 / 0.7)}
    # 200,000 units of standard deviation sqrt(0.3 / 0.7): five standard errors, false alarm 6e-7, at a fixed seed
    assert mask.mean() == pytest.approx(1.0, abs=5 * math.sqrt(0.3 / 0.7 / mask.size))


def test_minibatches_visit_every_row_once() -> None:
    batches = list(minibatches(10, 4, np.random.default_rng(0)))
    assert [len(rows) for rows in batches] == [4, 4, 2]
    assert sorted(np.concatenate(batches)) == list(range(10))


def test_same_seed_same_network() -> None:
    settings = Settings((24,), "relu", 0.2, 64, "adam", 3e-3)
    first, again, other = (NumpyNetwork(settings, seed).train_epoch(*DATA.train) for seed in (4, 4, 5))
    assert first == again != other


def test_diverging_training_is_reported_without_warnings() -> None:
    network = NumpyNetwork(Settings((24, 24), "relu", 0.0, 16, "sgd", 1e9, momentum=0.9), seed=0)
    losses = [network.train_epoch(*DATA.train) for _ in range(3)]
    assert not math.isfinite(losses[-1])
    assert 0.0 <= network.accuracy(*DATA.validation) < 0.3


# --- tune ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_resumes_in_a_file(storage: str, capsys: pytest.CaptureFixture[str]) -> None:
    verbosity = parzen.logging.get_verbosity()
    digits.tune(storage, NAME, n_trials=3, seed=1)
    first = capsys.readouterr()
    assert "New study" in first.out and "3/3" in first.err
    assert f"parzen trials --storage {storage} --study-name {NAME}" in first.out
    assert [trial.number for trial in stored_study(storage).trials] == [0, 1, 2]

    study = digits.tune(storage, NAME, n_trials=2, seed=1)
    assert "holds 3 trials" in capsys.readouterr().out
    trials = stored_study(storage).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    assert [trial.values for trial in trials] == [trial.values for trial in study.trials]
    assert all(trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in trials)
    assert all(len(trial.intermediate_values) == digits.N_EPOCHS for trial in trials if trial.state.name == "COMPLETE")
    assert parzen.logging.get_verbosity() == verbosity


@pytest.mark.slow
def test_two_runs_draw_and_train_what_one_run_would(storage: str) -> None:
    whole = digits.tune(n_trials=4, seed=3)
    for _ in range(2):
        resumed = digits.tune(storage, NAME, n_trials=2, seed=3)
    expected, found = ([(t.params, t.intermediate_values) for t in study.trials] for study in (whole, resumed))
    assert found == expected


@pytest.mark.slow
def test_finds_a_good_network(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Ten trials reach 0.9.

    Of 200 random settings, 57 % did (half of them 0.918), and the first ten trials are random: ten failures in a row
    would have a chance of 0.43 ** 10 = 2e-4 under a random seed, and this seed is fixed.
    """
    study = digits.tune(n_trials=10, seed=0)
    assert study.best_value > 0.9
    out = capsys.readouterr().out
    assert f"Best trial: number {study.best_trial.number}\n" in out
    assert f"validation accuracy  {100 * study.best_value:.2f} %" in out
    assert all(name in out for name in study.best_params)
    assert count_states(study.trials) in out


@pytest.mark.slow
def test_the_judged_network_is_the_one_that_was_trained() -> None:
    study = digits.tune(n_trials=3, seed=0)
    swapped = digits.Digits(train=DATA.train, validation=DATA.test, test=DATA.validation)
    assert digits.accuracy_on_test(study, swapped) == study.best_value
    assert digits.accuracy_on_test(parzen.create_study(direction="maximize"), DATA) is None


@pytest.mark.slow
def test_torch_backend(storage: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    study = digits.tune(storage, NAME, n_trials=3, backend="torch", seed=0)
    assert [trial.user_attrs["backend"] for trial in study.trials] == ["torch"] * 3
    assert TrialState.RUNNING not in states(study)
    assert study.best_value > 0.3  # three times guessing: it has learnt


@pytest.mark.slow
def test_trials_in_threads(storage: str) -> None:
    study = digits.tune(storage, NAME, n_trials=5, n_jobs=2, seed=0)
    assert len(study.trials) == 5
    assert set(states(study)) <= {TrialState.COMPLETE, TrialState.PRUNED}


@pytest.mark.slow
def test_runs_outside_the_main_thread() -> None:
    studies: list[parzen.Study] = []
    thread = threading.Thread(target=lambda: studies.append(digits.tune(n_trials=1, seed=0)))
    thread.start()
    thread.join()
    assert states(studies[0]) == [TrialState.COMPLETE]


def test_unknown_backend() -> None:
    with pytest.raises(ValueError, match=r'"numpy" or "torch", got \'jax\''):
        digits.tune(n_trials=1, backend="jax")


@pytest.mark.slow
@pytest.mark.parametrize(("package", "extra"), [("sklearn", "demo"), ("torch", "torch")])
def test_missing_package_names_the_extra(package: str, extra: str) -> None:
    """A finder that refuses the package stands for an interpreter without it."""
    code = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {package!r}: raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from parzen.examples.digits import tune\n"
        "try: tune(n_trials=1, backend='torch')\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert f'pip install "parzen[{extra}]"' in done.stdout


# --- Ctrl-C --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_leaves_a_clean_study(storage: str, n_jobs: int) -> None:
    code = f"from parzen.examples.digits import tune; tune({storage!r}, {NAME!r}, n_trials=100_000, n_jobs={n_jobs})"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_finished_trial(process, storage)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)  # of 100,000 trials it would not have run one per cent
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "Stopped by Ctrl-C." in out and "To resume" in out
    study = stored_study(storage)
    # an event set between two trials ends the next one, so that at least one fails, and at most one a thread
    assert 1 <= states(study).count(TrialState.FAIL) <= n_jobs
    assert TrialState.RUNNING not in states(study)
    assert count_states(study.trials) in out

    n_before = len(study.trials)
    assert len(digits.tune(storage, NAME, n_trials=1).trials) == n_before + 1


def wait_for_finished_trial(process: subprocess.Popen[str], storage: str) -> None:
    """Return once the other process has finished a trial; the limit is for a process that hangs."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        path = Path(storage.removeprefix("sqlite:///"))
        if path.exists():
            try:
                if any(state.is_finished() for state in states(stored_study(storage))):
                    return
            except KeyError:
                pass  # the file is there, the study not yet
        time.sleep(0.05)
    pytest.fail(f"no trial has finished: {process.communicate(timeout=10) if process.poll() is not None else 'hangs'}")


def test_second_ctrl_c_interrupts_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt), digits.stop_on_ctrl_c(stop):
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


# --- the report ----------------------------------------------------------------------------------------------------


def test_columns_are_aligned() -> None:
    assert aligned([("a", "bb", "c"), ("aaa", "b", "")]) == "  a    bb  c\n  aaa  b"


# --- the smaller examples ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ask_tell_loop() -> None:
    study = ask_tell.main(n_trials=6, n_epochs=2)
    assert states(study) == [TrialState.COMPLETE] * 6


@pytest.mark.slow
def test_pausing_goes_on_from_the_checkpoint(tmp_path: Path) -> None:
    study = pause.main(n_asks=20, folder=tmp_path)
    resumed = [trial for trial in study.trials if trial.last_step > 1]
    assert resumed
    whole = resumed[0]  # trained without a break it would have reported the same
    settings = Settings((whole.params["width"],), "relu", 0.0, 64, "adam", whole.params["learning_rate"])
    network = NumpyNetwork(settings, seed=whole.number)
    for accuracy in whole.intermediate_values.values():
        network.train_epoch(*DATA.train)
        assert network.accuracy(*DATA.validation) == accuracy


@pytest.mark.slow
def test_a_population_trains_by_a_schedule(tmp_path: Path) -> None:
    study = pbt.main(n_members=4, folder=tmp_path, seed=1)
    assert states(study).count(TrialState.COMPLETE) == 4
    segments = study.lineage(study.best_trial)
    network = NumpyNetwork(Settings((32,), "relu", 0.0, 32, "sgd", 0.1), seed=segments[0].number)
    for _, start, stop, params in segments:  # what the lineage says, replayed
        network.settings = network.optimizer.settings = Settings((32,), "relu", 0.0, 32, "sgd", **params)
        for _ in range(start, stop):
            network.train_epoch(*DATA.train)
    assert network.accuracy(*DATA.validation) == study.best_value
    kept = {path.stem for path in (tmp_path / "population").iterdir()}
    assert kept == {f"{number}-{step}" for number, step in study.checkpoints_in_use()}


@pytest.mark.slow
def test_a_front_of_networks(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "front.png"
    study = front.main(n_trials=15, n_epochs=2, picture=picture)
    assert picture.stat().st_size > 5000
    best = sorted(tuple(trial.values) for trial in study.best_trials)
    assert len(best) > 1
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(best))


@pytest.mark.slow
def test_batch_of_networks_equals_each_alone() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from parzen.examples.batch import StackedNetworks, to_device

    parameters = {
        "learning_rate": torch.tensor([0.05, 0.2, 0.01]),
        "momentum": torch.tensor([0.5, 0.0, 0.9]),
        "width": torch.tensor([4, 64, 17]),
        "activation": torch.tensor([0, 1, 0]),
    }
    images, labels = to_device(DATA.train, torch.device("cpu"))
    together = StackedNetworks(parameters)
    alone = [StackedNetworks({name: column[[k]] for name, column in parameters.items()}) for k in range(3)]
    for start in range(0, 500, 50):
        for networks in (together, *alone):
            networks.step(images[start : start + 50], labels[start : start + 50])
    expected = torch.cat([networks.logits(images[:20]) for networks in alone])
    torch.testing.assert_close(together.logits(images[:20]), expected, rtol=1e-3, atol=1e-3)  # ten steps in float32
    assert not torch.allclose(expected[0], expected[1], atol=0.1)


@pytest.mark.slow
def test_batch_learns() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from parzen.examples import batch

    study = batch.main(n=12, n_rounds=2, n_epochs=3, seed=0)
    assert states(study) == [TrialState.COMPLETE] * 24
    assert study.best_value > 0.5  # five times guessing


@pytest.mark.slow
def test_a_stacked_population_learns() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from parzen.examples import pbt_batch

    study = pbt_batch.main(n=8, n_epochs=6, seed=0)
    assert states(study).count(TrialState.COMPLETE) == 8
    assert len(study.trials) > 8
    assert study.best_value > 0.5
