"""The sub-command ``parzen watch``: a running study, seen from another terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from parzen.cli.block import as_json, block, one_line, painted
from parzen.cli.declare import root, study_name, subcommand
from parzen.cli.session import Session, inform, warn

if TYPE_CHECKING:
    from parzen.engine.study.progress import Progress, ProgressReader
    from parzen.study import Study

_TIMEOUT = 5.0  # seconds to wait for a file that is locked; a look that fails is followed by another one
_SCREEN, _NO_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # a screen of its own, without a cursor
_TOP, _TO_END_OF_LINE, _TO_END = "\x1b[H", "\x1b[K", "\x1b[J"


@subcommand(root, "watch")
@study_name("The study's name; not needed if it is the only one.")
@click.option("--n-trials", type=click.IntRange(min=1), help="How many trials the study is to have; ends with them.")
@click.option(
    "--interval", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Look once.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, one object a line, whenever something changed.")
def watch(
    session: Session, study_name: str | None, n_trials: int | None, interval: float, once: bool, is_json: bool
) -> None:
    """Show how far a study is, while others run it. Ctrl-C ends the watching, not the study."""
    watcher = _Watcher(session, study_name, n_trials)
    _say_what_cannot_be_said()
    if once and is_json:
        click.echo(as_json(watcher.progress))
    elif not once:
        _watch(watcher, interval, is_json)
    if not is_json and (once or _is_for_eyes()):
        _leave_block(watcher.progress)
    if not once:
        inform("All trials have ended." if watcher.progress.is_done else "Watched no longer; the study goes on.")


def _watch(watcher: _Watcher, interval: float, is_json: bool) -> None:
    """Show what is new until all trials have ended, or Ctrl-C."""
    with _printer(is_json) as (show, wake):
        try:
            show(watcher.progress, "")
            while not watcher.progress.is_done:
                wake.wait(interval)
                wake.clear()
                show(*watcher.look())
        except KeyboardInterrupt:
            pass


class _Watcher:
    """Reads a study, and opens its storage again if that was locked, or away for a moment."""

    def __init__(self, session: Session, study_name: str | None, n_trials: int | None) -> None:
        self._session = replace(
            session, storage=session.url, storage_class=session.kind
        )  # as long as the file is there
        self._n_trials = n_trials
        self._name = study_name
        self._reader: ProgressReader | None = None
        self._study: Study | None = None
        self.progress = self._read()  # here nothing is tried again: the study must be there

    def look(self) -> tuple[Progress, str]:
        """Give the newest progress that is known, and what keeps a newer one from being known."""
        from parzen.exceptions import CLIUsageError

        try:
            self.progress = self._read()
        except CLIUsageError:  # the storage answers, and has no such study any more
            raise
        except Exception as error:
            self._study = None
            return self.progress, f"The storage cannot be read now, which is tried again: {error}"
        return self.progress, ""

    def _read(self) -> Progress:
        if self._study is None or self._reader is None:
            self._study, self._reader = self._open()
        self._study.sync()
        return self._reader.read()

    def _open(self) -> tuple[Study, ProgressReader]:
        from parzen.engine.study.progress import ProgressReader

        study = _load(self._session, self._name)
        self._name = study.study_name
        return study, ProgressReader(study, self._n_trials)


def _load(session: Session, name: str | None) -> Study:
    """Load a study to be read alone: no file is made, and in one of SQLite nothing is written."""
    from parzen import samplers, storages

    session.refuse_new_file()
    storage = None
    if session.is_sqlite:
        storage = storages.SQLiteStorage(session.url, timeout=_TIMEOUT, read_only=True)
    return session.load_study(name, storage, samplers.RandomSampler())


# --- where it is shown ------------------------------------------------------------------------------------------------

Show = Callable[["Progress", str], None]


def _is_for_eyes() -> bool:
    """Tell whether to draw a block again and again: on a terminal, unless somebody wants plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def _say_what_cannot_be_said() -> None:
    """Have a character that the output's encoding lacks printed as ``?``."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


@contextmanager
def _printer(is_json: bool) -> Iterator[tuple[Show, threading.Event]]:
    """Give what shows a progress, and an event that ends the wait for the next one early."""
    wake = threading.Event()
    if _is_for_eyes() and not is_json:
        with _screen(wake):
            yield _draw, wake
    else:
        yield _lines(as_json if is_json else one_line), wake


def _lines(write: Callable[[Progress], str]) -> Show:
    """Make what prints a line whenever something changed."""
    said: dict[str, Any] = {"state": None, "problem": ""}

    def show(progress: Progress, problem: str) -> None:
        if problem and problem != said["problem"]:
            warn(problem)
        said["problem"] = problem
        state = (progress.n_ended, progress.n_running, progress.n_waiting, progress.n_paused, progress.best)
        if state != said["state"]:
            click.echo(write(progress))
        said["state"] = state

    return show


def _draw(progress: Progress, problem: str) -> None:
    """Draw the block over what was there; wide or narrow, it begins at the top and nothing of the old one stays."""
    width, height = _size()
    lines = [painted(line, is_coloured=True) for line in block(progress, width - 1, height - 1, problem)]
    sys.stdout.write(_TOP + "".join(f"{line}{_TO_END_OF_LINE}\r\n" for line in lines) + _TO_END)
    sys.stdout.flush()


def _size() -> tuple[int, int]:
    """Give columns and rows of the terminal; some say that they have none."""
    size = os.get_terminal_size(sys.stdout.fileno())
    return size.columns or 80, size.lines or 24


@contextmanager
def _screen(wake: threading.Event) -> Iterator[None]:
    """Take a screen of our own, and give the old one back whatever happens; a resized window is drawn at once."""

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, end)
        if hasattr(signal, "SIGWINCH"):
            before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, lambda *_: wake.set())
    sys.stdout.write(_SCREEN)
    try:
        yield
    finally:
        sys.stdout.write(_NO_SCREEN)
        sys.stdout.flush()
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_block(progress: Progress) -> None:
    """Print a block that stays, without the lines that are kept free."""
    for line in block(progress, _size()[0] - 1 if sys.stdout.isatty() else 100):
        if line:
            click.echo(painted(line, _is_for_eyes()).rstrip())
