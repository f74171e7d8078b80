"""Both commands over a wide list of invocations: every sub-command, storages, formats, right and wrong arguments.

Compared are the exit code, standard output, how many messages of each level there are, and of an error its substance:
whatever of the command line Optuna's error mentions ours must mention, too. What differs on purpose is listed in
`cli_differences.py` with the reason, and each of these reasons must be needed.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")
pytest.importorskip("click")
pytest.importorskip("yaml")

from both_commands import Command, Commands  # noqa: E402
from cli_differences import JOURNAL, ON_PURPOSE, PLACES, REDIS, SQLITE, Place, Reason, Sides, differences  # noqa: E402
from test_cli_parity import FORMATS, SPACE, STUDIES  # noqa: E402

pytestmark = [pytest.mark.bench, pytest.mark.soak, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def commands() -> Iterator[tuple[Command, Command]]:
    with Commands() as both:
        yield both


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a Redis of our own: the command's journals have no prefix that would keep them apart."""
    pytest.importorskip("redis")
    server = shutil.which("redis-server")
    if server is None:
        (pytest.fail if os.environ.get("PARZEN_REQUIRE_SERVERS") else pytest.skip)("no redis-server is installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen(
        [server, "--port", str(port), "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            assert process.poll() is None
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def sides(
    commands: tuple[Command, Command], tmp_path: Path, redis: str, record_property: Callable[[str, object], None]
) -> Sides:
    both = Sides(commands, tmp_path, redis)
    record_property("compared", both.compared)
    return both


def compare(sides: Sides, lines: Sequence[str], places: Sequence[Place] = (SQLITE,)) -> None:
    """Run lines through both commands, and fail with all that differs and is not on purpose."""
    report = []
    for place, line in itertools.product(places, lines):
        whole = f"{line} {place.arguments}"
        found = differences(whole, *sides(whole, place))
        sides.compared[f"{whole} ({place.name})"] = not found
        if found and not any(re.search(reason.pattern, whole) for reason in ON_PURPOSE):
            report.append("\n  ".join([f"{whole} ({place.name})", *found]))
    assert not report, f"{len(report)} of {len(sides.compared)} differ:\n" + "\n".join(report)


@pytest.mark.parametrize("reason", ON_PURPOSE, ids=[reason.example for reason in ON_PURPOSE])
def test_what_differs_on_purpose_does(sides: Sides, reason: Reason) -> None:
    *before, line = reason.example.split("; ")
    line = line if "--storage" in line else f"{line} --storage sqlite:///study.db"
    for earlier in before:
        sides(earlier)
    assert re.search(reason.pattern, line)
    assert differences(line, *sides(line))


# --- what is run -----------------------------------------------------------------------------------------------------

STUDY = [f"--study-name '{study}'" for study in STUDIES]
LISTINGS = [
    "study-names",
    "studies",
    "studies --flatten",
    *(f"{listing} {study}{flat}" for listing in ("trials", "best-trial", "best-trials") for study in STUDY
      for flat in ("", " --flatten")),
]  # fmt: skip


@pytest.mark.parametrize("format", ["", *(f"-f {format}" for format in FORMATS)])
def test_listings(sides: Sides, format: str) -> None:
    compare(sides, [f"{listing} {format}" for listing in LISTINGS], (SQLITE, JOURNAL, REDIS))


def test_places(sides: Sides) -> None:
    compare(sides, ["study-names", "studies --flatten -f json", "trials --study-name single -f yaml"], PLACES)


ONE = "--study-name new"
SPACED = f"--search-space '{SPACE}'"
DIALOGUE = [
    f"create-study {ONE}",
    f"create-study {ONE}",
    f"create-study {ONE} --skip-if-exists",
    "create-study",
    "create-study --direction maximize",
    "create-study --study-name two --directions minimize maximize",
    "create-study --study-name both --direction minimize --directions minimize maximize",
    "create-study --study-name one --directions maximize",
    "create-study --study-name ''",
    "create-study --study-name '-5'",
    "create-study --study-name '漢字 ü'",
    "create-study --study-name 'two words'",
    "create-study --study-name=-x",
    "create-study --study-name=",
    "create-study --study-name=a=b",
    f"ask {ONE}",
    f"ask {ONE} --flatten",
    *(f"ask {ONE} {SPACED} -f {format}{flat}" for format in FORMATS for flat in ("", " --flatten")),
    f"ask {ONE} {SPACED} --sampler RandomSampler",
    f"ask {ONE} {SPACED} --sampler RandomSampler --sampler-kwargs '{{\"seed\": 1}}'",
    f"ask {ONE} {SPACED} --sampler TPESampler --sampler-kwargs '{{\"n_startup_trials\": 1}}'",
    f"ask {ONE} --sampler NoSampler",
    f"ask {ONE} --sampler RandomSampler --sampler-kwargs '{{\"wrong\": 1}}'",
    f"ask {ONE} --sampler RandomSampler --sampler-kwargs '{{bad'",
    f"ask {ONE} --sampler RandomSampler --sampler-kwargs '[1]'",
    f"ask {ONE} --sampler-kwargs '{{}}'",
    f"ask {ONE} --search-space '{{bad'",
    f"ask {ONE} --search-space '[1]'",
    f"ask {ONE} --search-space '{{\"x\": 1}}'",
    f'ask {ONE} --search-space \'{{"x": {{"name": "Nothing", "attributes": {{}}}}}}\'',
    f"ask {ONE} --search-space ''",
    "ask --study-name nobody",
    "ask --study-name nobody --sampler-kwargs '{}'",
    "ask",
    f"tell {ONE} --trial-number 0 --values 0.5",
    f"tell {ONE} --trial-number 0 --values 0.5",
    f"tell {ONE} --trial-number 0 --values 0.5 --skip-if-finished",
    f"tell {ONE} --trial-number 1 --values -1.5 --state complete",
    f"tell {ONE} --trial-number 2 --state pruned",
    f"tell {ONE} --trial-number 3 --state fail",
    f"tell {ONE} --trial-number 4 --state complete",
    f"tell {ONE} --trial-number 4 --state fail --values 1",
    f"tell {ONE} --trial-number 4 --state pruned --values 1",
    f"tell {ONE} --trial-number 5 --values nan",
    f"tell {ONE} --trial-number 6 --values inf",
    f"tell {ONE} --trial-number 7 --values 1 2",
    f"tell {ONE} --trial-number 8",
    f"tell {ONE} --trial-number 8 --values 3 --values 4",
    f"tell {ONE} --trial-number 9 --values=3 --values=4",
    f"tell {ONE} --trial-number 99 --values 1",
    f"tell {ONE} --values 1",
    "tell --trial-number 0 --values 1",
    "tell --study-name nobody --trial-number 0 --values 1",
    "ask --study-name two",
    "tell --study-name two --trial-number 0 --values -0.1 -2",
    "ask --study-name two",
    "tell --study-name two --trial-number 1 --values 1",
    f"study set-user-attr {ONE} --key k --value 3",
    f"study set-user-attr {ONE} -k 'a key' --value ''",
    f"study set-user-attr {ONE} -kshort --value=-3",
    "study set-user-attr --study-name nobody --key k --value 3",
    "study set-user-attr --study-name 'two' --key ü --value '漢字'",
    f"trials {ONE} -f json",
    f"trials {ONE} -f table --flatten",
    f"best-trial {ONE} -f yaml",
    "best-trials --study-name two -f json",
    "studies -f json --flatten",
    "storage upgrade",
    f"delete-study {ONE}",
    f"delete-study {ONE}",
    "delete-study",
    "delete-study --study-name ''",
    "study-names -f json",
]


@pytest.mark.parametrize("place", [SQLITE, JOURNAL, REDIS], ids=[place.name for place in (SQLITE, JOURNAL, REDIS)])
def test_dialogue(sides: Sides, place: Place) -> None:
    compare(sides, DIALOGUE, [place])


REQUIRED = {
    "create-study": "", "delete-study": "--study-name single", "study-names": "", "studies": "",
    "study set-user-attr": "--study-name single --key k --value v", "trials": "--study-name single",
    "best-trial": "--study-name single", "best-trials": "--study-name single", "storage upgrade": "",
    "ask": "--study-name empty", "tell": "--study-name single --trial-number 5 --values 1 --skip-if-finished",
}  # fmt: skip
OPTIONS = ("storage", "storage-class", "log-file", "study-name", "direction", "directions", "key", "value", "format",
           "sampler", "sampler-kwargs", "search-space", "trial-number", "values", "state")  # fmt: skip


def words_of(command: str) -> list[str]:
    """Give endings of a command line that are wrong in some way, for every sub-command alike."""
    return [
        *(f"--{option}" for option in OPTIONS),
        *(f"--{option} --quiet" for option in OPTIONS),
        *(f"--{option} -x" for option in OPTIONS),
        "--nothing", "--nothing 1", "--nothing=1", "-z", "extra", "extra words", "-- extra", "--flatten=1", "-q=1",
        "-f xml", "-f", "-f=json", "-fjson", "-f=", "-vfjson", "--format=xml", "--trial-number x", "--trial-number 1.5",
        "--values x", "--values 1 x", "--values", "--state done", "--direction up", "--directions minimize up",
        "--storage-class Nothing", "--storage-class ''", "-v", "-vv", "-q", "-qq", "-v -q", "-q -v", "-vq",
        "--verbose --quiet", "--debug", "--log-file log.txt", "--log-file no/folder/log.txt", "--help", "-h",
        "--nothing --help", "extra -h", "--help -f xml", "-f xml --help",
    ]  # fmt: skip


@pytest.mark.parametrize("command", REQUIRED)
def test_wrong_arguments(sides: Sides, command: str) -> None:
    compare(sides, [f"{command} {REQUIRED[command]} {words}" for words in ("", *words_of(command))])


@pytest.mark.parametrize("command", REQUIRED)
def test_missing_arguments(sides: Sides, command: str) -> None:
    words = shlex.split(REQUIRED[command])
    compare(sides, [command, *(f"{command} {' '.join(words[:n] + words[n + 2 :])}" for n in range(0, len(words), 2))])


VALUES = {"--format": "json", "--storage": "sqlite:///study.db", "--storage-class": "RDBStorage", "--state": "fail",
          "--values": "2", "--value": "2", "--direction": "maximize", "--directions": "minimize maximize",
          "--trial-number": "5", "--sampler": "RandomSampler", "--sampler-kwargs": "{}",
          "--search-space": "{}"}  # fmt: skip


def abbreviations(command: str) -> list[str]:
    """Give a command line for the beginnings of all options' names, and some for values joined to them."""
    named = [f"--{option}" for option in OPTIONS]
    flags = ["--flatten", "--skip-if-exists", "--skip-if-finished", "--quiet", "--verbose", "--debug", "--help"]
    starts = {name[:n]: f" {VALUES.get(name, 'single')}" for name in named for n in range(3, len(name) + 1)}
    starts |= {name[:n]: "" for name in flags for n in range(4, len(name))}
    joined = [f"{start}={value.strip()}" for start, value in starts.items() if len(start) in (5, 8)]
    return [f"{command} {REQUIRED[command]} {rest}" for rest in (*map("".join, starts.items()), *joined)]


@pytest.mark.parametrize("command", ["create-study", "tell", "ask", "trials", "study set-user-attr", "delete-study"])
def test_abbreviations(sides: Sides, command: str) -> None:
    compare(sides, abbreviations(command))


STORAGES = [
    "", "--storage ''", "--storage nothing.db", "--storage .", "--storage /dev/null", "--storage foo://bar",
    "--storage sqlite:///no/folder.db", "--storage sqlite:///study.log", "--storage sqlite:///notes.txt",
    "--storage study.db", "--storage study.db --storage-class RDBStorage", "--storage empty.log", "--storage notes.txt",
    "--storage study.log --storage-class RDBStorage", "--storage study.log --storage-class JournalRedisBackend",
    "--storage study.db --storage-class JournalFileBackend",
    "--storage sqlite:///study.db --storage-class JournalFileBackend",
    "--storage REDIS --storage-class RDBStorage", "--storage redis://127.0.0.1:1", "--storage redis.log",
    "--storage redis://127.0.0.1:1 --storage-class JournalRedisStorage", "--storage 'sqlite:///with space.db'",
    "--storage new.log --storage-class JournalFileBackend",
    "--storage no/folder.log --storage-class JournalFileBackend",
    "--storage ./study.log", "--storage notes.txt --debug",
    "--storage nothing.db -q", "--storage nothing.db --debug", "--debug",
]  # fmt: skip


@pytest.mark.parametrize("command", REQUIRED)
def test_storages(sides: Sides, command: str) -> None:
    compare(sides, [f"{command} {REQUIRED[command]} {storage}" for storage in STORAGES], [Place("nothing", "")])


ORDERS = [
    "", "-v", "-q", "--storage sqlite:///study.db", "--version", "--vers", "--help", "-h", "help", "help -h", "nothing",
    "-v nothing", "nothing -v", "study", "storage", "study nothing", "storage nothing", "--nothing", "study-names -q",
    "--storage sqlite:///study.db study-names", "--storage study.log study-names -f json",
    "-f json --storage study.log studies",
    "--study-name single --storage study.log trials", "--study-name single best-trial --storage study.log -f yaml",
    "-k k study set-user-attr --value 3 --study-name single --storage study.log", "upgrade storage",
    "set-user-attr study",
    "--storage sqlite:///study.db storage upgrade",
    "--values 1 tell --study-name single --trial-number 5 --storage study.log",
    "study-names studies --storage study.log", "studies study-names --storage study.log", "STUDIES --storage study.log",
    "stud --storage study.log", "-fjson studies --storage study.log", "-q --log-file x.log studies --storage study.log",
    "trials --study-name trials --storage study.log", "--help studies", "studies help", "help studies",
]  # fmt: skip


def test_orders(sides: Sides) -> None:
    compare(sides, ORDERS, [Place("nothing", "")])
