"""Optuna's command and ours, each call a process of its own as in a shell, without the seconds that imports take.

`Commands` starts one process for each library, which imports what the command needs and then forks for every call.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

Argv = Sequence[str]


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
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps([list(argv), str(folder), dict(environment or {})]) + "\n")
        self._server.stdin.flush()
        return Ended(*json.loads(self._server.stdout.readline()))

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
    main = _optuna() if library == "optuna" else _parzen()
    for line in sys.stdin:
        argv, folder, environment = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if not child:
                _run(main, [library, *argv], folder, environment, out, err)
            _, status = os.waitpid(child, 0)
            texts = [_read(file) for file in (out, err)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *texts]), flush=True)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _optuna() -> Any:
    import optuna.cli

    return lambda: optuna.cli.main()


def _parzen() -> Any:
    import parzen.cli
    import parzen.cli.session
    import parzen.samplers
    import parzen.storage.journal
    import parzen.storage.rdb

    return lambda: parzen.cli.main()


def _run(main: Any, argv: list[str], folder: str, environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    """Be the process of one call."""
    code: int | str | None = 1
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdin = io.StringIO()
        os.chdir(folder)
        os.environ.update({"COLUMNS": "200", **environment})
        sys.argv = argv
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code if isinstance(code, int) else int(bool(code)))


if __name__ == "__main__":
    for variable in ("OPTUNA_STORAGE", "PARZEN_STORAGE"):
        os.environ.pop(variable, None)
    serve(sys.argv[1])
