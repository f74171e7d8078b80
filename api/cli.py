"""The `parzen` command: studies and trials from a shell, with the options, outputs and exit codes of Optuna's command.

Exit codes: 0 done, 1 refused or failed (one line on standard error says why), 2 wrong usage, 130 interrupted.

This file starts the command and runs one sub-command safely; `parzen.cli_commands` declares the sub-commands. Nothing
heavy is imported up here, nor is click: ``parzen --help`` answers at once, and `main` can say what to install when
click is missing.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parzen.samplers import BaseSampler
    from parzen.storages import BaseStorage
    from parzen.study import Study

STORAGE_CLASSES = ("RDBStorage", "JournalFileBackend", "JournalRedisBackend")
STORAGE_VARIABLES = ("PARZEN_STORAGE", "OPTUNA_STORAGE")
MANY_VALUED = ("--directions", "--values")


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    args
        Arguments without the program's name; those of the process if None.

    Returns
    -------
    int
        The exit code.
    """
    try:
        import click
    except ImportError:
        print('The parzen command needs click: pip install "parzen[cli]"', file=sys.stderr)
        return 1
    from parzen.cli_commands import root

    arguments = spell_out(sys.argv[1:] if args is None else args)
    try:
        code = root.main(arguments, prog_name="parzen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def spell_out(arguments: Sequence[str]) -> list[str]:
    """Turn ``--values 0.1 -2`` into ``--values=0.1 --values=-2``: click has no options with one or more values.

    As in Optuna's command, an option given again starts its values anew.
    """
    spelt: list[str] = []
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name in MANY_VALUED and rest and _is_value(rest[0]):
            spelt = [argument for argument in spelt if not argument.startswith(f"{name}=")]
            while rest and _is_value(rest[0]):
                spelt.append(f"{name}={rest.pop(0)}")
        else:
            spelt.append(name)
    return spelt


def _is_value(argument: str) -> bool:
    """Tell a value, negative numbers included, from the next option."""
    if not argument.startswith("-"):
        return True
    try:
        float(argument)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Session:
    """What the global options say; `parzen.cli_commands` gives their meaning."""

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
            raise  # click ends quietly when, say, `head` has read enough
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
