"""`parzen watch`: in this process, and as a program on a real terminal beside workers in processes of their own."""
# ruff: noqa: F401, F811 - fixtures of `test_cli`

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_cli import Run, refusal, run, stored, url

import parzen
from parzen.samplers import RandomSampler

pytest.importorskip("click")
fcntl = pytest.importorskip("fcntl")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

PATIENCE = 60  # seconds after which a test that waits gives up
COMMAND = [sys.executable, "-c", "import sys; from parzen.cli import main; sys.exit(main())", "watch"]
WORKER = """
import sys, time, parzen
parzen.logging.set_verbosity(parzen.logging.CRITICAL)
study = parzen.load_study(study_name=sys.argv[2], storage=sys.argv[1], sampler=parzen.samplers.RandomSampler())
def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    time.sleep(0.03)
    if trial.number % 7 == 3:
        raise parzen.TrialPruned
    if trial.number % 11 == 5:
        raise ValueError
    return [x] * len(study.directions)
study.optimize(objective, n_trials=int(sys.argv[3]), catch=ValueError)
"""


# --- in this process --------------------------------------------------------------------------------------------------


def test_once(run: Run, stored: str):
    result = run("watch", "--study-name", "one", "--once", "--n-trials", "10")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("one  minimize · 1.5 s so far") and lines[1].endswith(" 3 of 10 trials")
    assert lines[2] == "0 running  2 complete  0 pruned  1 failed" and lines[4].startswith("best -2 (trial 1, ")
    assert "\x1b" not in result.out and "goes on" not in result.err


def test_several_objectives_once(run: Run, stored: str):
    assert "front 2 trials" in run("watch", "--study-name", "two", "--once").out


def test_once_as_json(run: Run, stored: str):
    found = json.loads(run("watch", "--study-name", "one", "--once", "--json").out)
    assert (found["n_ended"], found["n_failed"], found["best"]["value"], found["n_trials"]) == (3, 1, -2.0, None)


def test_what_is_done_is_shown_once(run: Run, stored: str):
    result = run("watch", "--study-name", "one", "--n-trials", "3")
    assert result.code == 0 and "All trials have ended." in result.err
    (line,) = result.out.splitlines()
    assert "one: 3 of 3 ended" in line


def test_the_only_study_needs_no_name(run: Run, url: str):
    parzen.create_study(storage=url, study_name="alone")
    assert run("watch", "--once").out.startswith("alone")


def test_a_study_that_is_not_there(run: Run, stored: str):
    assert "No study is named 'nobody'" in refusal(run("watch", "--study-name", "nobody"))


@pytest.mark.parametrize("options", [(), ("--storage-class", "JournalFileBackend")])
def test_no_file_is_made(run: Run, tmp_path: Path, options: tuple[str, ...]):
    place = str(tmp_path / "absent")
    named = place if options else f"sqlite:///{place}"
    assert "There is no file" in refusal(run("watch", "--storage", named, *options, "--study-name", "one"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("options", [("--interval", "0"), ("--n-trials", "0"), ("--n-trials", "many")])
def test_wrong_usage(run: Run, stored: str, options: tuple[str, ...]):
    assert run("watch", "--study-name", "one", *options).code == 2


def test_a_journal_is_watched_too(run: Run, tmp_path: Path):
    journal = str(tmp_path / "study.journal")
    storage = parzen.storages.JournalStorage(parzen.storages.journal.JournalFileBackend(journal))
    study = parzen.create_study(storage=storage, study_name="s")
    study.tell(study.ask(), 2.5)
    assert "best 2.5 (trial 0" in run("watch", "--storage", journal, "--study-name", "s", "--once").out


def test_watching_writes_nothing(run: Run, stored: str, tmp_path: Path):
    with contextlib.closing(sqlite3.connect(tmp_path / "study.db")) as file:
        before = file.execute("PRAGMA data_version").fetchone()
        run("watch", "--study-name", "one", "--once")
        assert file.execute("PRAGMA data_version").fetchone() == before


# --- on a terminal ----------------------------------------------------------------------------------------------------


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *arguments: str, width: int = 90, height: int = 24, **environment: str) -> None:
        self.master, slave = pty.openpty()
        self.resize(width, height, is_started=False)
        unwanted = ("NO_COLOR", "CI", "COLUMNS", "LINES")
        env = {key: value for key, value in os.environ.items() if key not in unwanted}
        env |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", **environment}
        self.program = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=env, start_new_session=True, text=True,
        )  # fmt: skip
        os.close(slave)
        self.output = b""

    def resize(self, width: int, height: int, is_started: bool = True) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if is_started:
            self.program.send_signal(signal.SIGWINCH)

    def read(self, seconds: float) -> bool:
        """Read what is there, or comes soon; False once nothing will come."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            self.output += os.read(self.master, 2**16)
        except OSError:  # Linux says so when the program has ended
            return False
        return True

    def frame(self) -> list[str]:
        """Give the lines of the last whole block."""
        frames = re.findall(r"\x1b\[H(.*?)\x1b\[J", self.output.decode("utf-8", "replace"), re.DOTALL)
        return plain(frames[-1]) if frames else []

    def until(self, is_so: Callable[[list[str]], bool]) -> list[str]:
        """Wait for a block."""
        deadline = time.monotonic() + PATIENCE
        while not is_so(frame := self.frame()):
            assert time.monotonic() < deadline and self.read(0.2), (frame, self.output[-300:])
        return frame

    def end(self) -> tuple[int, list[str], str]:
        """Wait for the end: exit code, the lines that stay, standard error."""
        deadline = time.monotonic() + PATIENCE
        while self.read(0.2):
            assert time.monotonic() < deadline
        os.close(self.master)
        _, err = self.program.communicate(timeout=PATIENCE)
        before, _, after = self.output.decode().rpartition("\x1b[?25h\x1b[?1049l")
        assert before.startswith("\x1b[?1049h\x1b[?25l") and "\x1b[?1049" not in after
        return self.program.returncode, plain(after), err


def plain(text: str) -> list[str]:
    """Take the colours out, and give the lines."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*[mK]", "", text).replace("\r", "").split("\n")]


@pytest.fixture
def study(url: str) -> parzen.Study:
    return parzen.create_study(storage=url, study_name="näme 数据 \x1b[31m", sampler=RandomSampler())


@contextlib.contextmanager
def workers(study: parzen.Study, url: str, n: int, n_trials: int) -> Iterator[None]:
    """Have workers run trials."""
    command = [sys.executable, "-c", WORKER, url, study.study_name, str(n_trials)]
    programs = [subprocess.Popen(command) for _ in range(n)]
    try:
        yield
        assert [program.wait(PATIENCE) for program in programs] == [0] * n
    finally:
        for program in programs:
            program.kill()
            program.wait()


@pytest.mark.slow
def test_a_study_with_workers_is_watched_to_its_end(study: parzen.Study, url: str):
    terminal = Terminal("--storage", url, "--n-trials", "120", "--interval", "0.05")
    assert terminal.until(bool)[4] == "no best trial"
    with workers(study, url, 3, 40):
        frame = terminal.until(lambda lines: lines != [] and "left with" in lines[3] and "best 0." in lines[4])
        assert frame[0].startswith("näme 数据 ?[31m  minimize · ") and " of 120 trials" in frame[1]
        code, left, err = terminal.end()
    assert code == 0 and "All trials have ended." in err
    assert left[1] == "█" * 40 + " 120 of 120 trials"
    trials = study.trials
    counts = {state: sum(trial.state.name == state for trial in trials) for state in ("COMPLETE", "PRUNED", "FAIL")}
    expected = "0 running  {COMPLETE} complete  {PRUNED} pruned  {FAIL} failed".format(**counts)
    assert left[2] == expected and left[4].startswith(f"best {study.best_value:.6g} (trial {study.best_trial.number}, ")
    assert sum(line.startswith(("last ", "     ")) and " s" in line for line in left[7:12]) == 5


@pytest.mark.slow
def test_a_resized_window_is_drawn_at_once(study: parzen.Study, url: str):
    for value in (3.0, 2.0, 1.0):
        study.tell(study.ask(), value)
    terminal = Terminal("--storage", url, "--interval", "600")
    assert len(terminal.until(bool)) == 14  # thirteen lines and the end of the last one
    terminal.resize(30, 6)
    small = terminal.until(lambda lines: len(lines) == 6)
    assert all(len(line) < 30 for line in small) and any(line.endswith("…") for line in small)
    terminal.resize(200, 50)
    assert len(terminal.until(lambda lines: len(lines) == 14)) == 14
    terminal.program.send_signal(signal.SIGINT)
    code, left, err = terminal.end()
    assert code == 0 and "the study goes on" in err and left[4].startswith("best 1 (trial 2")


@pytest.mark.slow
def test_a_terminated_program_gives_the_screen_back(study: parzen.Study, url: str):
    terminal = Terminal("--storage", url)
    terminal.until(bool)
    terminal.program.terminate()
    assert terminal.end()[0] == 0


@pytest.mark.slow
def test_a_file_that_is_away_or_locked_is_waited_for(study: parzen.Study, url: str, tmp_path: Path):
    path = tmp_path / "study.db"
    terminal = Terminal("--storage", str(path), "--interval", "0.05")
    terminal.until(bool)
    study._storage.remove_session()
    os.rename(path, tmp_path / "elsewhere")
    terminal.until(lambda lines: lines[0].startswith("The storage cannot be read now, which is tried again:"))
    assert not path.exists()
    os.rename(tmp_path / "elsewhere", path)
    terminal.until(lambda lines: lines[0].startswith("näme"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("BEGIN EXCLUSIVE")
        for _ in range(5):
            terminal.read(0.1)
        assert terminal.program.poll() is None
        file.execute("ROLLBACK")
    again = parzen.load_study(study_name=study.study_name, storage=url)
    again.tell(again.ask(), 0.25)
    terminal.until(lambda lines: lines[4].startswith("best 0.25"))
    terminal.program.send_signal(signal.SIGINT)
    assert terminal.end()[0] == 0


@pytest.mark.slow
def test_a_deleted_study_ends_it(study: parzen.Study, url: str):
    study.tell(study.ask(), 1.0)
    terminal = Terminal("--storage", url, "--interval", "0.05")
    terminal.until(bool)
    parzen.delete_study(study_name=study.study_name, storage=url)
    code, _, err = terminal.end()
    assert code == 1 and "No study is named" in err


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_plain_lines_where_somebody_wants_them(study: parzen.Study, url: str, variable: str):
    terminal = Terminal("--storage", url, "--n-trials", "1", "--interval", "0.05", **{variable: "1"})
    while b"0 of 1 ended" not in terminal.output:
        assert terminal.read(PATIENCE)
    study.tell(study.ask(), 1.0)
    while terminal.read(0.2):
        pass
    os.close(terminal.master)
    terminal.program.communicate(timeout=PATIENCE)
    assert terminal.program.returncode == 0
    assert b"1 of 1 ended" in terminal.output and b"\x1b" not in terminal.output


@pytest.mark.slow
def test_lines_of_json_for_a_program(study: parzen.Study, url: str):
    options = ["--storage", url, "--json", "--n-trials", "10", "--interval", "0.05"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        first = json.loads(program.stdout.readline())
        with workers(study, url, 1, 10):
            lines = [first, *map(json.loads, program.stdout)]
        assert program.wait() == 0
    ended = [line["n_ended"] for line in lines]
    assert ended[0] == 0 and ended[-1] == 10 and ended == sorted(ended)
    assert [line["is_done"] for line in lines] == [False] * (len(lines) - 1) + [True]


@pytest.mark.slow
def test_a_reader_that_has_read_enough(study: parzen.Study, url: str):
    program = subprocess.Popen(
        [*COMMAND, "--storage", url, "--json", "--interval", "0.05"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stdout is not None and program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    study.tell(study.ask(), 1.0)
    program.wait(PATIENCE)
    assert "Traceback" not in program.stderr.read()
    program.stderr.close()
