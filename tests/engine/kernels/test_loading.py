"""How compiled kernels come to be ready: beside the objective, once for a machine, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PATIENCE = 300  # seconds after which a test that waits for the compiler gives up

# Numba keeps its cache in a folder of the test's own, which is empty at first.
FRESH = {"PYTHONUNBUFFERED": "1"}

BEGIN = """
import logging, sys, threading, time
import parzen
from parzen.engine.kernels import loading
parzen.logging.set_verbosity(parzen.logging.WARNING)
loading.WORTH = 0.05
NAME = "parzen.samplers.tpe.rehearsal"
def wait():
    end = time.monotonic() + 280
    while not loading.is_ready(NAME):
        assert time.monotonic() < end
        time.sleep(0.05)
def objective(trial):
    time.sleep(0.005)
    return trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 0, 9)
study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=0))
"""


# A rehearsal, and the program that fills the cache for it.
TINY = """
from parzen.engine.kernels.compiled import normal
def rehearse():
    yield normal.tail(1.0)
if __name__ == "__main__":
    import os, pathlib, time
    from parzen.engine.kernels import loading
    pathlib.Path(f"child-{os.getpid()}").touch()
    while len(list(pathlib.Path().glob("parent-*"))) < 2:
        time.sleep(0.01)
    loading.prepare("tiny")
    loading.note_filled()
"""


# The compiled tier is the one that is taken.
USED = """
from parzen.samplers.tpe import model
assert model.tier_for(150).neighbours is not None
"""


def run(code: str, folder: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code], cwd=folder,
        env={**os.environ, **FRESH, **environment}, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_young_study_and_a_short_script_load_nothing():
    run("""
study.optimize(objective, n_trials=19)
assert threading.active_count() == 1
loading.WORTH = 60.0
study.optimize(objective, n_trials=120)
assert threading.active_count() == 1
assert not {"numba", "scipy"} & set(sys.modules)
""")


@pytest.mark.slow
def test_an_empty_cache_is_filled_by_one_child(tmp_path):
    """Whoever asks meanwhile goes on with NumPy. One kernel stands for all here, which take a minute to compile."""
    (tmp_path / "tiny.py").write_text(TINY)
    code = """
import os, pathlib
loading.CHILD = NAME = "tiny"
pathlib.Path(f"parent-{os.getpid()}").touch()
while not (loading.is_ready(NAME) or loading.want(NAME)):
    time.sleep(0.01)
    assert threading.active_count() <= 2
assert "tiny" in sys.modules and not loading._children
assert loading._stamp().exists()
"""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: run(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path)), range(2)))
    assert len(list(tmp_path.glob("child-*"))) == 1
    filled = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert filled
    run(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == filled  # nothing was compiled again


@pytest.mark.usefixtures("compiled")
@pytest.mark.slow
def test_kernels_are_made_ready_beside_the_objective_and_used_from_then_on():
    """A study whose kernels come to be ready on its way is one that never had any."""
    outputs = [
        run(f"""
loading.WORTH = {worth}
study.optimize(objective, n_trials=150)
{then}
study.optimize(objective, n_trials=3)
print(study.trials[-1].params)
""")
        for worth, then in [(0.05, f"wait(){USED}"), ("float('inf')", "assert not loading.is_ready(NAME)")]
    ]
    assert outputs[0] == outputs[1]


def test_what_is_imported_stands_still_while_an_ask_runs():
    """Numba's own import, too: nearly all its modules come while no ask runs, which is two fifths of the time."""
    run("""
in_asks, begin = 0, len(sys.modules)
while not (loading.is_ready(NAME) or loading.want(NAME)) and "numba.core.registry" not in sys.modules:
    time.sleep(0.01)
    with loading.before_loading():
        before, end = len(sys.modules), time.monotonic() + 0.015
        while time.monotonic() < end:
            pass
        in_asks += len(sys.modules) - before
n_imported = len(sys.modules) - begin
assert n_imported > 100 and in_asks < 0.1 * n_imported, (in_asks, n_imported)
""")


def test_without_a_jit_numpy_goes_on():
    run(
        """
study.optimize(objective, n_trials=130)
assert "numba" not in sys.modules and threading.active_count() == 1
from parzen.samplers import rehearsals
rehearsals.prepare()
assert "numba" not in sys.modules
""",
        NUMBA_DISABLE_JIT="1",
    )


def test_a_process_that_cannot_compile_goes_on_and_says_so():
    run("""
logs = []
handler = logging.Handler(); handler.emit = lambda record: logs.append(record.getMessage())
logging.getLogger("parzen").addHandler(handler)
sys.modules["numba"] = None
study.optimize(objective, n_trials=150)
assert len(logs) == 1 and "NumPy goes on" in logs[0], logs
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.slow
def test_a_fork_in_the_middle_goes_on():
    """A child has no thread that loads; it begins anew, and no lock is held that nobody releases."""
    run("""
import os
study.optimize(objective, n_trials=60)
loading.want(NAME)
pid = os.fork()
study.optimize(objective, n_trials=60)
if pid == 0:
    wait()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
wait()
""")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc whether a process runs")
def test_the_end_of_a_process_waits_for_nobody(tmp_path):
    """A process that ends while another compiles for it takes that one along."""
    code = """
study.optimize(objective, n_trials=60)
end = time.monotonic() + 60
while not loading._children:
    assert time.monotonic() < end
    time.sleep(0.01)
print(loading._children[0].pid)
"""
    pid = int(run(code, NUMBA_CACHE_DIR=str(tmp_path)))
    end = time.monotonic() + PATIENCE
    while runs(pid):
        assert time.monotonic() < end
        time.sleep(0.1)


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that has ended may wait for its parent to take notice."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
