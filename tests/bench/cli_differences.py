"""What two calls of the commands must have in common, and what differs on purpose."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from both_commands import Command, Ended
from test_cli_parity import fill, timeless

import parzen
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend, JournalRedisBackend


class Place(NamedTuple):
    """A storage, and how an invocation names it."""

    name: str
    arguments: str
    environment: Mapping[str, str] | None = None


SQLITE = Place("a URL of SQLite", "--storage sqlite:///study.db")
JOURNAL = Place("the path of a journal", "--storage study.log")
REDIS = Place("a URL of Redis", "--storage REDIS")
PLACES = [
    SQLITE,
    Place("a URL of SQLite and its class", "--storage-class RDBStorage --storage=sqlite:///study.db"),
    Place("the environment", "", {"OPTUNA_STORAGE": "sqlite:///study.db"}),
    JOURNAL,
    Place("a journal and its class", "--storage study.log --storage-class JournalFileBackend"),
    Place("a journal and its former class", "--storage study.log --storage-class=JournalFileStorage"),
    Place("a journal in the environment", "", {"OPTUNA_STORAGE": "study.log"}),
    REDIS,
    Place("a URL of Redis and its class", "--storage REDIS --storage-class JournalRedisBackend"),
    Place("a URL of Redis and its former class", "--storage REDIS --storage-class JournalRedisStorage"),
]


class Reason(NamedTuple):
    """What differs on purpose: a pattern of invocations, one of them (after others, parted by semicolons), and why."""

    pattern: str
    example: str
    why: str


ON_PURPOSE = [
    Reason(
        r"--storage study\.db", "study-names --storage study.db",
        "the path of a SQLite file is opened as SQLite; Optuna takes it for a journal and fails",
    ),
    Reason(
        r"--storage notes\.txt", "study-names --storage notes.txt",
        "a file that is neither a journal nor of SQLite is refused; Optuna reads it as empty, and may write into it",
    ),
    Reason(
        r"--storage redis\.log", "study-names --storage redis.log",
        "a path that begins with 'redis' is a path; Optuna takes it for the URL of a server",
    ),
    Reason(
        r"storage upgrade .*--storage ''", "storage upgrade --storage ''",
        "no storage is named, which is answered as by any other sub-command; Optuna calls it an invalid URL",
    ),
    Reason(
        r"storage upgrade .*--storage-class RDBStorage",
        "storage upgrade --storage study.log --storage-class RDBStorage",
        "the message shows what was expected of a URL; Optuna's is 'Invalid RDBStorage URL.'",
    ),
    Reason(
        r"--sampler (NoSampler|\{\})|--search-space '\[1\]'", "ask --study-name single --sampler NoSampler",
        "the message says what is wrong with the value; Optuna's that 'ask ...' is no command of it",
    ),
    Reason(
        r"--sampler-kwargs '\[1\]'", "ask --study-name single --sampler RandomSampler --sampler-kwargs '[1]'",
        "the message says that a JSON object is expected; Optuna's is Python's on calling a class",
    ),
    Reason(
        r"--trial-number -1 .*(study\.log|REDIS)",
        "ask --study-name empty --storage study.log; "
        "tell --study-name empty --trial-number -1 --values 1 --storage study.log",
        "no trial has a negative number; in a journal Optuna counts it from the end, and tells another trial",
    ),
    Reason(
        r"-f xml --help", "studies -f xml --help",
        "who asks for help gets it, whatever is wrong on the left of it",
    ),
    Reason(
        r"^upgrade storage", "upgrade storage",
        "the two words of a sub-command need not be neighbours, and so may be turned round",
    ),
    Reason(
        r"-vfjson", "create-study -vfjson",
        "click and argparse blame different letters of a cluster",
    ),
]  # fmt: skip


class Sides:
    """The two commands, each in a folder and a Redis database of its own, which start out alike."""

    def __init__(self, commands: tuple[Command, Command], folder: Path, redis: str) -> None:
        self._commands = commands
        self._redis = redis
        self.compared: dict[str, bool] = {}  # lines, and whether their ends were alike
        self.folders = folder / "optuna", folder / "parzen"
        self.folders[0].mkdir()
        fill(parzen, f"sqlite:///{self.folders[0]}/study.db")
        fill(parzen, JournalStorage(JournalFileBackend(f"{self.folders[0]}/study.log")))
        (self.folders[0] / "empty.log").touch()
        (self.folders[0] / "notes.txt").write_text("Notes, and no journal.\n")
        shutil.copytree(*self.folders)
        for database in range(2):
            backend = JournalRedisBackend(f"{redis}/{database}")
            backend._redis.flushdb()
            fill(parzen, JournalStorage(backend))

    def __call__(self, line: str, place: Place = SQLITE) -> tuple[Ended, Ended]:
        """Run a line of a shell, without the name of the command, through both."""
        started = [
            command.start(
                shlex.split(line.replace("REDIS", f"{self._redis}/{database}")), self.folders[database],
                place.environment,
            )
            for database, command in enumerate(self._commands)
        ]  # fmt: skip
        theirs, ours = (end() for end in started)
        return theirs, ours


# --- comparing -------------------------------------------------------------------------------------------------------


def plain(output: str) -> str:
    """Leave out of standard output what no two runs have alike, and what each command has of its own."""
    if help_of := re.match(r"usage: (?:optuna|parzen)((?: [a-z][\w-]*)*)", output, re.IGNORECASE):
        return f"help of{help_of[1]}"
    output = re.sub(r"^(optuna|parzen) \d[\w.]*", "VERSION", output)
    return timeless(re.sub(r"no-name-[0-9a-f-]{36}", "no-name", output))


def messages(text: str) -> dict[str, int]:
    """Count messages by level; errors are compared by their substance."""
    warned = [line for line in text.splitlines() if re.search(r"\b\w*Warning: ", line) and "Experimental" not in line]
    return {"I": len(re.findall(r"^\[I ", text, re.M)), "W": bool(warned or re.search(r"^\[W ", text, re.M))}


SHORT = {"-q": "--quiet", "-v": "--verbose", "-f": "--format", "-k": "--key", "-h": "--help"}


def error_of(text: str) -> str:
    """Give the last message of standard error, which says why a call failed, without what all messages have."""
    lines = [line for line in text.splitlines() if line.strip()]
    line = re.sub(r"^optuna[^:]*: error: |study_names=\[.*", "", lines[-1]) if lines else ""
    line = re.sub(r"(ambiguous option: --[\w-]+)=.*? could", r"\1 could", line)
    line = re.sub(r"(arguments are required: [^,]+).*", r"\1", line)
    return re.sub(r"(unrecognized arguments: (--[\w-]+|-\w|\S+)).*", r"\1", line).replace(
        "--sampler_kwargs", "--sampler-kwargs"
    )


def substance(error: str, line: str) -> set[str]:
    """Give the words of a command line that an error mentions, and all options."""
    words = {word for part in shlex.split(line) for word in part.split("=") if len(word) > 1 and word != "--"}
    mentioned = {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", error)}
    mentioned.update(re.findall(r"(?<![\w-])--[a-z][\w-]*", error))
    return {SHORT.get(word, word) for word in mentioned}


def differences(line: str, theirs: Ended, ours: Ended) -> list[str]:
    """Say what differs between the ends of two calls."""
    found = []
    if ours.code != theirs.code:
        found.append(f"exit code {theirs.code} / {ours.code}")
    if plain(ours.out) != plain(theirs.out):
        found.append(f"output {plain(theirs.out)!r} / {plain(ours.out)!r}")
    if theirs.code == 0 and messages(ours.err) != messages(theirs.err):
        found.append(f"messages {messages(theirs.err)} / {messages(ours.err)}")
    if theirs.code and (missing := substance(error_of(theirs.err), line) - substance(ours.err, line)):
        found.append(f"not mentioned: {sorted(missing)}")
    return [*found, f"    theirs: {error_of(theirs.err)}", f"    ours:   {error_of(ours.err)}"] if found else []
