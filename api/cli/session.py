"""What the global options say, and how one sub-command is run safely."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parzen.samplers import BaseSampler
    from parzen.storages import BaseStorage
    from parzen.study import Study

STORAGE_CLASSES = ("RDBStorage", "JournalFileBackend", "JournalRedisBackend")
STORAGE_VARIABLES = ("PARZEN_STORAGE", "OPTUNA_STORAGE")


@dataclass(frozen=True)
class Session:
    """What the global options say; `parzen.cli.declare` lists them."""

    storage: str | None = None
    storage_class: str | None = None
    verbose: int = 0
    quiet: bool = False
    log_file: str | None = None
    debug: bool = False

    @classmethod
    def from_environment(cls) -> Session:
        """Start with the storage named in the environment, if any."""
        named = (os.environ.get(variable) for variable in STORAGE_VARIABLES)
        return cls(storage=next(filter(None, named), None))

    def followed_by(self, options: dict[str, Any]) -> Session:
        """Add global options given further right on the command line: they win over those before."""
        return replace(self, **{name: value for name, value in options.items() if value})

    @property
    def level(self) -> int:
        """Level of the messages to show."""
        return logging.WARNING if self.quiet else logging.DEBUG if self.verbose else logging.INFO

    @property
    def url(self) -> str:
        """The storage's URL; an error if none was named."""
        if self.storage is None:
            raise usage_error("No storage is named: give --storage URL (as sqlite:///study.db) or set PARZEN_STORAGE.")
        return self.storage

    def open_storage(self) -> BaseStorage:
        """Open the storage: a journal if its class says so, otherwise what the URL names."""
        from parzen import storages

        if self.storage_class == "JournalFileBackend":
            return storages.JournalStorage(storages.journal.JournalFileBackend(self.url))
        if self.storage_class == "JournalRedisBackend":
            return storages.JournalStorage(storages.journal.JournalRedisBackend(self.url))
        return storages.get_storage(self.url)

    def load_study(self, name: str | None, sampler: BaseSampler | None = None) -> Study:
        """Load a study; None means the only one in the storage."""
        import parzen

        storage = self.open_storage()
        try:
            return parzen.load_study(study_name=name, storage=storage, sampler=sampler)
        except KeyError:
            raise self.no_such_study(name) from None

    def no_such_study(self, name: str | None) -> Exception:
        """Make the error for a study that the storage does not have."""
        return usage_error(
            f"No study is named {name!r} in {self.storage}: "
            "`parzen study-names` lists its studies, `parzen create-study` makes one."
        )


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
