"""Optuna's command and ours, each call a process of its own as in a shell, without the seconds that imports take.

`Commands` starts one process for each library, which imports what the command needs and then forks for every call.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

Argv = Sequence[str]
Main = Callable[[], int | str | None]


@dataclass(frozen=True)
class Ended:
    """What a call left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Command:
    """One library's command, ready to be called."""

    def __init__(self, library: str) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, argv: Argv, folder: Path, environment: Mapping[str, str] | None = None) -> Ended:
        """Run the command in a folder; of the environment only `environment` names storages."""
        return self.start(argv, folder, environment)()

    def start(self, argv: Argv, folder: Path, environment: Mapping[str, str] | None = None) -> Callable[[], Ended]:
        """Start a call, and give what waits for its end."""
        calls, answers = self._server.stdin, self._server.stdout
        assert calls is not None and answers is not None
        calls.write(json.dumps([list(argv), str(folder), dict(environment or {})]) + "\n")
        calls.flush()
        return lambda: Ended(*json.loads(answers.readline()))

    def close(self) -> None:
        self._server.communicate()


class Commands:
    """Both commands, Optuna's first."""

    def __enter__(self) -> tuple[Command, Command]:
        self._commands = Command("optuna"), Command("parzen")
        return self._commands

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for command in self._commands:
            command.close()


def serve(library: str) -> None:
    """Answer calls, one a line, until there are no more."""
    main = importlib.import_module(f"{library}.cli").main
    answers = os.fdopen(os.dup(1), "w")
    _warm_up(main, library)
    for line in sys.stdin:
        argv, folder, environment = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if not child:
                code: int | str | None = 1
                try:
                    code = _call(main, [library, *argv], folder, environment, out, err)
                finally:
                    os._exit(code if isinstance(code, int) else int(bool(code)))
            _, status = os.waitpid(child, 0)
            texts = [_read(file) for file in (out, err)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *texts]), file=answers, flush=True)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


# What a command imports and prepares at its first use, it does before the first call.
WARM_UP = [
    "create-study --study-name s --storage sqlite:///a.db",
    "create-study --study-name s --storage a.log --storage-class JournalFileBackend",
    *(
        f"{line} --storage {place}"
        for place in ("sqlite:///a.db", "a.log")
        for line in (
            "ask --study-name s --sampler RandomSampler --search-space "
            """'{"x": {"name": "FloatDistribution", "attributes": {"low": 0, "high": 1, "log": false}}}'""",
            "tell --study-name s --trial-number 0 --values 1",
            "trials --study-name s -f yaml",
            "best-trial --study-name s",
            "studies -f json",
            "study set-user-attr --study-name s --key k --value v",
        )
    ),
    "storage upgrade --storage sqlite:///a.db",
    "study-names --storage redis://127.0.0.1:1",
    "studies --help",
    "studies --nothing",
]  # fmt: skip


def _warm_up(main: Main, library: str) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as nowhere:
        for line in WARM_UP:
            _call(main, [library, *shlex.split(line)], folder, {}, nowhere, nowhere)
        os.chdir("/")


def _call(
    main: Main, argv: list[str], folder: str, environment: dict[str, str], out: IO[bytes], err: IO[bytes]
) -> int | str | None:
    """Call the command as a process of its own would, and give its exit code."""
    for stream, file in ((sys.stdout, out), (sys.stderr, err)):
        stream.flush()
        os.dup2(file.fileno(), stream.fileno())
    os.chdir(folder)
    os.environ.update({"COLUMNS": "200", **environment})
    stdin, sys.stdin, sys.argv = sys.stdin, io.StringIO(), argv
    try:
        return main()
    except SystemExit as stop:
        return stop.code
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdin = stdin
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    for variable in ("OPTUNA_STORAGE", "PARZEN_STORAGE"):
        os.environ.pop(variable, None)
    serve(sys.argv[1])
