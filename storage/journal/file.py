"""A journal in a file, one entry a line."""

from __future__ import annotations

import errno
import itertools
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...engine.exceptions import StorageInternalError
from ...engine.history import Growing
from ...engine.logging import get_logger
from .base import BaseJournalBackend, BaseJournalFileLock
from .entries import parsed, to_json
from .locks import JournalFileSymlinkLock

_logger = get_logger(__name__)

_BLOCK = 1 << 20  # bytes read at once
_TAIL = 1 << 12
_TO_WRITE = os.O_RDWR | getattr(os, "O_BINARY", 0)

_decode = json.JSONDecoder().decode


class JournalFileBackend(BaseJournalBackend):
    """A journal in a file that processes share, those of Optuna included.

    Parameters
    ----------
    file_path
        The file; the first entry makes it if it is not there.
    lock_obj
        The lock of writers, which must be the same for all; `JournalFileSymlinkLock` by default, as for Optuna.
    fsync
        Wait until each entry is on the disk. Without that a killed process loses nothing, but a power cut may.

    Raises
    ------
    StorageInternalError
        If there is no such folder, the file cannot be made, read or written, or a line is damaged.
    """

    def __init__(self, file_path: str, lock_obj: BaseJournalFileLock | None = None, *, fsync: bool = True) -> None:
        self._path = os.path.abspath(file_path)
        self._lock = lock_obj or JournalFileSymlinkLock(self._path)
        self._fsync = fsync
        self._start()
        try:
            if os.path.isdir(self._path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._path)
            os.stat(os.path.dirname(self._path))
        except OSError as error:
            raise self._explained(f"opened at {os.fspath(file_path)!r}", error) from error

    def _start(self) -> None:
        self._mutex = threading.Lock()
        self._starts = Growing(np.int64)  # where each line known so far begins, and the next one
        self._starts.append(0)
        self._written: tuple[int, list[bytes]] = 0, []  # lines that this backend wrote last, and their first number
        self._n_misses = 0  # looks at a file that is not there
        self._identity: tuple[int, int] | None = None  # of the file, once it was seen
        self._has_written = False

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_lock": self._lock, "_fsync": self._fsync}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def _explained(self, done: str, error: OSError) -> StorageInternalError:
        return StorageInternalError(
            f"The journal {self._path} could not be {done}: {error}. Check the path, its permissions and the disk."
        )

    # --- reading -----------------------------------------------------------------------------------------------------

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        number = log_number_from
        if self._written[0] == number and (written := self._take_written(number)):
            yield from map(self._parsed, written, itertools.count(number))
            return
        while lines := self._lines(number):
            yield from parsed(lines, number, self._parsed)
            number += len(lines)

    def _take_written(self, number: int) -> list[bytes]:
        """Give the lines that this backend has just written, which need not be read from the file."""
        with self._mutex:
            first, lines = self._written
            self._written = 0, []
        return lines if first == number else []

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            log = _decode(line.decode())
        except (ValueError, RecursionError) as error:  # it is no JSON, or too deep
            raise self._damaged(line, number) from error
        if not isinstance(log, dict):
            raise self._damaged(line, number)
        return log

    def _damaged(self, line: bytes, number: int) -> StorageInternalError:
        shown = line if len(line) <= 80 else line[:80] + b"..."
        return StorageInternalError(
            f"Line {number + 1} of the journal {self._path} is damaged: expected a JSON object, but found {shown!r}. "
            "Mend or remove that line, or restore the file from a copy."
        )

    def _lines(self, number: int) -> list[bytes]:
        """Read some lines from a number on; none if no line is complete yet."""
        starts = self._starts
        with self._mutex:
            try:
                if self._identity is None and not os.path.exists(self._path):
                    self._miss()
                    return []
                while starts.n <= number:
                    if not self._block(starts.n - 1):
                        return []
                return self._block(number)
            except OSError as error:
                raise self._explained("read", error) from error

    def _miss(self) -> None:
        """Say that the file is not there, at the second look in vain: a storage looks when it is made, too."""
        self._n_misses += 1
        if self._n_misses == 2:
            _logger.warning(f"There is no file {self._path}, so no study either; it will be made for the first study.")

    def _block(self, number: int) -> list[bytes]:
        """Read lines from one whose start is known."""
        lines = self._read(int(self._starts.view[number])).split(b"\n")[:-1]
        self._note(lines[self._starts.n - 1 - number :])
        return lines

    def _note(self, lines: list[bytes]) -> None:
        """Note where some lines end, which follow the last known one."""
        end = int(self._starts.view[-1])
        for line in lines:
            end += len(line) + 1
            self._starts.append(end)

    def _read(self, start: int) -> bytes:
        """Read about a block of complete lines; the writer of an incomplete last line is at work, or dead."""
        file_now = os.stat(self._path)
        self._check_same(file_now)
        size = file_now.st_size
        if size == start:
            return b""
        if size < start:
            raise StorageInternalError(
                f"The journal {self._path} has {size} bytes, fewer than the {start} that were read. It was cut or "
                "replaced by another one: open it anew."
            )
        block = _BLOCK
        with open(self._path, "rb", buffering=0) as file:
            while True:
                file.seek(start)
                found = file.read(block) or b""
                end = found.rfind(b"\n") + 1
                if end or len(found) < block:
                    return found[:end]
                block *= 2

    def _check_same(self, file: os.stat_result) -> None:
        """Raise if the path names another file than before: its entries speak of other trials."""
        identity = file.st_dev, file.st_ino
        if self._identity is None:
            self._identity = identity
        if identity != self._identity:
            raise StorageInternalError(
                f"The journal {self._path} was deleted, moved or replaced while it was open, so nothing more can be "
                "stored in it. Put it back if you have it, and open the study again."
            )

    # --- writing -----------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        if os.path.exists(self._path):
            return
        with open(self._path, "ab"):
            pass
        if self._fsync and os.name == "posix":  # the file's name is safe once the folder is on the disk
            folder = os.open(os.path.dirname(os.path.abspath(self._path)), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        if not logs:
            return
        text = "".join([to_json(log) + "\n" for log in logs]).encode()
        with self._mutex:
            try:
                start = self._append_alone(text)
            except OSError as error:
                raise self._explained("written", error) from error
            if start == self._starts.view[-1]:  # no other process has written since the last look
                self._written = self._starts.n - 1, text.split(b"\n")[:-1]
                self._note(self._written[1])

    def _append_alone(self, text: bytes) -> int:
        """Write lines while no other process does, and give the position of the first one."""
        if not self._has_written:  # later on no lock makes the file
            if self._identity is None:
                self._make()
            self._check_same(os.stat(self._path))
        self._lock.acquire()
        try:
            file = os.open(self._path, _TO_WRITE)
            try:
                return self._append(file, text)
            finally:
                os.close(file)
        finally:
            self._lock.release()

    def _append(self, file: int, text: bytes) -> int:
        found = os.fstat(file)
        self._check_same(found)
        end = found.st_size
        if end != self._starts.view[-1]:
            end = _cut_to_lines(file, end)
        try:
            if text.find(b"\n") < len(text) - 1:
                # Blanks first: if the disk is full, writing fails here, before there is a line that can be read.
                # Blanks that stay behind do no harm, since JSON may begin with blanks.
                _write(file, b" " * len(text), end)
            _write(file, text, end)
        except OSError:
            _cut_to_lines(file, os.fstat(file).st_size)
            raise
        if self._fsync:
            os.fsync(file)
        self._has_written = True
        return end


def _write(file: int, text: bytes, start: int) -> None:
    os.lseek(file, start, os.SEEK_SET)
    written = os.write(file, text)
    while written < len(text):
        written += os.write(file, text[written:])


def _cut_to_lines(file: int, size: int) -> int:
    """Cut off what a killed writer left after the last complete line, and give the end of that line."""
    end = size
    while end:
        start = max(0, end - _TAIL)
        os.lseek(file, start, os.SEEK_SET)
        newline = os.read(file, end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
    return end
