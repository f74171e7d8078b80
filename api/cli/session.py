"""What the global options say, and how one sub-command is run safely."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

if TYPE_CHECKING:
    from parzen.samplers import BaseSampler
    from parzen.storages import BaseStorage
    from parzen.study import Study

STORAGE_CLASSES = (
    "RDBStorage",
    "JournalFileBackend",
    "JournalRedisBackend",
    "JournalFileStorage",  # deprecated, as the next one
    "JournalRedisStorage",
)
STORAGE_VARIABLES = ("PARZEN_STORAGE", "OPTUNA_STORAGE")
_SQLITE = b"SQLite format 3"  # how every file of SQLite begins


@dataclass(frozen=True)
class Session:
    """What the global options say; `parzen.cli.declare` lists them."""

    storage: str | None = None
    storage_class: str | None = None
    verbose: int = 0
    quiet: bool = False
    log_file: str | None = None
    debug: bool = False

    @property
    def level(self) -> int:
        """Level of the messages to show."""
        return logging.WARNING if self.quiet else logging.DEBUG if self.verbose else logging.INFO

    @property
    def url(self) -> str:
        """What names the storage, the path of a SQLite file as a URL; an error if nothing does."""
        if not self.storage:
            raise UnknownStorage(
                "No storage is named: give --storage URL (as sqlite:///study.db) or set PARZEN_STORAGE."
            )
        may_be_database = self.storage_class in (None, "RDBStorage")
        return _url_of(self.storage) if may_be_database and _begins(self.storage, _SQLITE) else self.storage

    @property
    def kind(self) -> str:
        """The storage's class: the one that is named, or else what the URL or path suggests."""
        return self.storage_class or _class_of(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the storage is a SQLite file."""
        return self.kind == "RDBStorage" and self.url.startswith("sqlite")

    def refuse_new_file(self) -> None:
        """Raise ``StorageInternalError`` if the storage is a file that is not there: who only reads makes none."""
        from parzen.exceptions import StorageInternalError
        from parzen.storage.rdb.sqlite import path_of

        if self.is_sqlite or self.kind.startswith("JournalFile"):
            path = path_of(self.url) if self.is_sqlite else self.url
            if not path.startswith("file:") and not os.path.isfile(path):
                raise StorageInternalError(
                    f"There is no file {path}: --storage takes the one to which the study is written."
                )

    def open_storage(self, may_be_new: bool = False) -> BaseStorage:
        """Open the storage; if it is a file, the file must be there, unless it may be new."""
        from parzen import storages

        if not may_be_new:
            self.refuse_new_file()
        if self.kind == "RDBStorage":
            return self._open_database()
        backend: Any = getattr(storages if self.kind.endswith("Storage") else storages.journal, self.kind)
        return storages.JournalStorage(backend(self.url))

    def _open_database(self) -> BaseStorage:
        from parzen import storages

        try:
            return storages.get_storage(self.url)
        except ValueError as error:
            if self.storage_class is not None:
                raise
            from parzen.engine.redaction import redacted_url

            is_missing = "://" not in self.url and not os.path.exists(self.url)
            missing = f"There is no file {redacted_url(self.url)!r}. " if is_missing else ""
            raise UnknownStorage(
                f"{missing}{error} A journal is named by redis://HOST, or by its path; to make one, give "
                "--storage-class."
            ) from error

    def load_study(
        self, name: str | None, storage: BaseStorage | None = None, sampler: BaseSampler | None = None
    ) -> Study:
        """Load a study, from the storage if that is open; None means the only one there."""
        import parzen

        storage = self.open_storage() if storage is None else storage
        try:
            return parzen.load_study(study_name=name, storage=storage, sampler=sampler)
        except KeyError:
            raise self.no_such_study(name) from None

    def no_such_study(self, name: str | None) -> Exception:
        """Make the error for a study that the storage does not have."""
        return usage_error(
            f"No study is named {name!r} in {self.storage}: "
            "`parzen study-names` lists its studies. Only `parzen create-study` makes one: `ask` does not."
        )


class UnknownStorage(ValueError):
    """Nothing says which storage is meant, or what is said names none."""


def _class_of(url: str) -> str:
    """Tell which class of storages a URL, or the path of a file that is there, suggests."""
    if url.startswith(("redis://", "rediss://")):
        return "JournalRedisBackend"
    if not os.path.isfile(url):
        return "RDBStorage"
    if os.path.getsize(url) and not _begins(url, b"{"):
        raise usage_error(f"{url!r} is no storage: expected a journal or a SQLite file. The file is left as it is.")
    return "JournalFileBackend"


def _begins(path: str, start: bytes) -> bool:
    """Tell whether a path is that of a file that begins with some bytes."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(start)) == start


def _url_of(path: str) -> str:
    """Give the URL of a SQLite file."""
    if "?" not in path:
        return f"sqlite:///{path}"
    return f"sqlite:///file:{quote(os.path.abspath(path))}?uri=true"


def usage_error(text: str) -> Exception:
    """Make an error of ours, whose text needs nothing added."""
    from parzen.exceptions import CLIUsageError

    return CLIUsageError(text)


def perform(action: Callable[..., None], session: Session, options: dict[str, Any]) -> int:
    """Run a sub-command and give its exit code; what it raises becomes one line on standard error."""
    import parzen

    logger = parzen.logging.get_logger("parzen.cli")
    with ExitStack() as stack:
        try:
            stack.enter_context(_reporting(session))
            action(session, **options)
        except KeyboardInterrupt:
            logger.error("Interrupted.")
            return 130
        except BrokenPipeError:
            raise  # click ends quietly when, say, ``head`` has read enough
        except UnknownStorage as error:
            logger.error(_explain(error), exc_info=session.debug)
            if not session.debug:
                click.echo(click.get_current_context().get_help())
            return 1
        except Exception as error:
            logger.error(_explain(error), exc_info=session.debug)
            return 1
    return 0


@contextmanager
def _reporting(session: Session) -> Iterator[None]:
    """Send messages, warnings among them, where the options say for as long as a sub-command runs."""
    from parzen import logging as messages

    before = messages.get_verbosity()
    root = messages.get_logger("parzen")
    file = logging.FileHandler(session.log_file, encoding="utf-8") if session.log_file else logging.NullHandler()
    file.setFormatter(messages.create_default_formatter())
    root.addHandler(file)
    messages.set_verbosity(session.level)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: root.warning(_one_line(str(message)))
            yield
    finally:
        messages.set_verbosity(before)
        root.removeHandler(file)
        file.close()


def _explain(error: Exception) -> str:
    """Put an error into one line; kinds that are not written for users get their type in front."""
    from parzen.exceptions import OptunaError

    text = _one_line(str(error))
    if text and isinstance(error, OptunaError | ValueError | RuntimeError | ImportError):
        return text
    return f"{type(error).__name__}: {text}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def inform(text: str) -> None:
    """Say something on standard error that ``--quiet`` silences."""
    from parzen import logging as messages

    messages.get_logger("parzen.cli").info(text)


def warn(text: str) -> None:
    """Say on standard error that something is not as it should be."""
    from parzen import logging as messages

    messages.get_logger("parzen.cli").warning(_one_line(text))
