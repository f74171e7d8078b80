"""The `parzen` command against Optuna's: same files, same commands, same standard output, same exit codes."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from parzen.cli import main as parzen_main

optuna = pytest.importorskip("optuna")
pytest.importorskip("click")
pytest.importorskip("yaml")

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

FORMATS = ("table", "value", "json", "yaml")
STUDIES = ("single", "several", "failed", "named", "several named", "empty")

Outcome = tuple[int, str]
Commands = Callable[..., tuple[Outcome, Outcome]]


def optuna_main(arguments: list[str]) -> int:
    """Run Optuna's command in this process; what it raises would end a process with code 1."""
    # Made for one call a process, the module keeps the columns of the last one: so a fresh one every time.
    cli = importlib.reload(importlib.import_module("optuna.cli"))
    sys.argv = ["optuna", *arguments]
    try:
        return int(cli.main() or 0)
    except SystemExit as stop:
        return int(stop.code or 0)
    except Exception:
        return 1


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Run one command line through Optuna's command and through ours; each has a URL of its own."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.delenv("PARZEN_STORAGE", raising=False)
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)

    def call(arguments: Iterable[str], optuna_url: str, parzen_url: str) -> tuple[Outcome, Outcome]:
        outcomes = []
        for main, url in ((optuna_main, optuna_url), (parzen_main, parzen_url)):
            capsys.readouterr()
            code = main([*arguments, "--storage", url])
            outcomes.append((code, capsys.readouterr().out))
        return outcomes[0], outcomes[1]

    return call


def fill(library: Any, url: str) -> None:
    """Store, by Optuna or by parzen, studies with all that a listing can show."""
    states = library.trial.TrialState
    space = {
        "x": library.distributions.FloatDistribution(-1, 1),
        "n": library.distributions.IntDistribution(1, 10),
        "kind": library.distributions.CategoricalDistribution(["a", None, True, 2.5]),
    }

    def study(name: str, objectives: int = 1, metrics: list[str] | None = None) -> Any:
        directions = ["minimize", "maximize"][:objectives]
        made = library.create_study(storage=url, study_name=name, directions=directions)
        if metrics:
            made.set_metric_names(metrics)
        return made

    def add(study: Any, **content: Any) -> None:
        names = content.get("params", {})
        study.add_trial(library.create_trial(distributions={name: space[name] for name in names}, **content))

    single = study("single")
    single.set_user_attr("note", {"by": ["me", None]})
    single.set_user_attr("ünï", "漢字")
    add(single, value=0.5, params={"x": 0.25, "n": 3, "kind": "a"}, user_attrs={"flag": True, "long": [1, 2]})
    add(single, value=-1.5, params={"x": 0.125, "n": 4, "kind": None}, user_attrs={"z": {"q": 1}, "flag": False})
    add(single, value=1e-20, params={"kind": True}, user_attrs={"text": "two\nlines", "flag": 1, "10": 10, "9": 9.5})
    add(single, value=float("inf"), params={"kind": 2.5}, user_attrs={"text": "é", "z": float("nan")})
    add(single, state=states.PRUNED, value=7.0, params={"x": 0.5}, intermediate_values={0: 7.0})
    add(single, state=states.FAIL)
    single.enqueue_trial({"x": 0.75})

    for name, metrics in (("several", None), ("several named", ["loss", "accuracy"])):
        several = study(name, 2, metrics)
        for values in ([1.0, 1.0], [2.0, 2.0], [0.5, 0.25], [3.0, 0.0]):
            add(several, values=values, params={"x": 0.25})
        add(several, state=states.FAIL)
    add(study("named", metrics=["loss"]), value=2.0)
    add(study("failed"), state=states.FAIL)
    study("empty")


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('parity')}/{request.param}.db"
    fill(importlib.import_module(request.param), url)
    return url


@pytest.mark.parametrize("filled", ["parzen"], indirect=True)
@pytest.mark.parametrize("format", FORMATS)
def test_listings_are_equal_to_the_letter(both: Commands, filled: str, format: str) -> None:
    commands = [["study-names"], ["studies"], ["studies", "--flatten"]]
    for listing, studies in (("trials", STUDIES), ("best-trial", STUDIES[:2]), ("best-trials", STUDIES[:5:2])):
        for study in studies:
            commands += [[listing, "--study-name", study], [listing, "--study-name", study, "--flatten"]]
    for command in commands:
        theirs, ours = both([*command, "--format", format], filled, filled)
        assert ours == theirs, command


@pytest.mark.parametrize("filled", ["optuna", "parzen"], indirect=True)
def test_listings_by_default_are_equal_to_the_letter(both: Commands, filled: str) -> None:
    trials = [["trials", "--study-name", study] for study in STUDIES]
    for command in (["study-names"], ["studies"], *trials, [*trials[0], "-f", "json"]):
        theirs, ours = both(command, filled, filled)
        assert ours == theirs, command


def test_a_new_storage_lists_alike(both: Commands, tmp_path: Path) -> None:
    for command in (["study-names"], ["studies"], ["studies", "--flatten"]):
        for format in FORMATS:
            theirs, ours = both([*command, "-f", format], f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
            assert ours == theirs, (command, format)


# Each parameter has one possible value, so both libraries draw the same.
SPACE = json.dumps(
    {
        "x": {"name": "FloatDistribution", "attributes": {"low": 0.5, "high": 0.5, "log": False, "step": None}},
        "b": {"name": "IntDistribution", "attributes": {"low": 3, "high": 3, "log": False, "step": 1}},
        "kind": {"name": "CategoricalDistribution", "attributes": {"choices": [None]}},
        "old": {"type": "int", "low": 2, "high": 2},
    }
)
SEEDED = ("--sampler", "RandomSampler", "--sampler-kwargs", '{"seed": 1}')

DIALOGUE: tuple[tuple[str, ...], ...] = (
    ("ask", "--study-name", "s"),
    ("create-study", "--study-name", "s"),
    ("create-study", "--study-name", "s"),
    ("create-study", "--study-name", "s", "--skip-if-exists"),
    ("create-study", "--study-name", "s", "--direction", "up"),
    ("ask",),
    *(("ask", "--study-name", "s", "--search-space", SPACE, "-f", format) for format in FORMATS),
    *(("ask", "--study-name", "s", "--search-space", SPACE, "-f", format, "--flatten") for format in FORMATS),
    ("ask", "--study-name", "s", "-f", "table", "--flatten"),
    ("ask", "--study-name", "s", "--search-space", SPACE, *SEEDED),
    ("ask", "--study-name", "s", "--search-space", "{bad"),
    ("ask", "--study-name", "s", "--search-space", '{"x": {"name": "Nothing", "attributes": {}}}'),
    ("ask", "--study-name", "s", "--sampler", "RandomSampler", "--sampler-kwargs", '{"wrong": 1}'),
    ("ask", "--study-name", "s", "--sampler-kwargs", "{}"),
    ("ask", "--study-name", "nobody"),
    ("tell", "--study-name", "s", "--trial-number", "0", "--values", "-1.5"),
    ("tell", "--study-name", "s", "--trial-number", "0", "--values", "2"),
    ("tell", "--study-name", "s", "--trial-number", "0", "--values", "2", "--skip-if-finished"),
    ("tell", "--study-name", "s", "--trial-number", "1", "--state", "pruned"),
    ("tell", "--study-name", "s", "--trial-number", "2", "--state", "fail"),
    ("tell", "--study-name", "s", "--trial-number", "3", "--state", "complete"),
    ("tell", "--study-name", "s", "--trial-number", "3", "--state", "fail", "--values", "1"),
    ("tell", "--study-name", "s", "--trial-number", "3", "--state", "waiting"),
    ("tell", "--study-name", "s", "--trial-number", "4", "--values", "nan"),
    ("tell", "--study-name", "s", "--trial-number", "5", "--values", "1", "2"),
    ("tell", "--study-name", "s", "--trial-number", "6", "--values", "x"),
    ("tell", "--study-name", "s", "--trial-number", "6", "--values"),
    ("tell", "--study-name", "s", "--trial-number", "6"),
    ("tell", "--study-name", "s", "--trial-number", "7", "--values", "3", "--values", "4"),
    ("tell", "--study-name", "s", "--trial-number", "999", "--values", "1"),
    ("tell", "--study-name", "s"),
    ("create-study", "--study-name", "t", "--directions", "minimize", "maximize"),
    ("ask",),
    ("ask", "--study-name", "t"),
    ("tell", "--study-name", "t", "--trial-number", "0", "--values", "-0.1", "-2"),
    ("study", "set-user-attr", "--study-name", "t", "--key", "k", "--value", "3"),
    ("study", "set-user-attr", "--study-name", "nobody", "--key", "k", "--value", "3"),
    ("study", "set-user-attr", "--study-name", "t"),
    ("trials", "--study-name", "s", "-f", "json"),
    ("trials", "--study-name", "s", "-f", "yaml", "--flatten"),
    ("best-trial", "--study-name", "s", "-f", "json"),
    ("best-trial", "--study-name", "t"),
    ("best-trial",),
    ("best-trials", "--study-name", "t", "-f", "json"),
    ("studies", "-f", "json"),
    ("storage", "upgrade"),
    ("storage",),
    ("delete-study", "--study-name", "s"),
    ("delete-study", "--study-name", "s"),
    ("delete-study",),
    ("study-names",),
    ("study-names", "--flatten"),
    ("studies", "-q", "-v"),
    ("studies", "--storage-class", "Nothing"),
    ("nothing",),
)


def timeless(output: str) -> str:
    output = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE", output)
    return re.sub(r"'?\d+:\d\d:\d\d(\.\d+)?'?", "DURATION", output)


def test_a_dialogue_with_either_runs_alike(both: Commands, tmp_path: Path) -> None:
    urls = f"sqlite:///{tmp_path}/optuna.db", f"sqlite:///{tmp_path}/parzen.db"
    for command in DIALOGUE:
        theirs, ours = both(command, *urls)
        assert (ours[0], timeless(ours[1])) == (theirs[0], timeless(theirs[1])), command


def test_what_one_asks_the_other_can_be_told(both: Commands, tmp_path: Path) -> None:
    """Both commands take turns on one file: Optuna's first, then ours, in every step."""
    url = f"sqlite:///{tmp_path}/shared.db"
    both(["create-study", "--study-name", "s", "--skip-if-exists"], url, url)
    (_, by_optuna), (_, by_parzen) = both(["ask", "--search-space", SPACE], url, url)
    assert [json.loads(asked)["number"] for asked in (by_optuna, by_parzen)] == [0, 1]
    (code, _), _ = both(["tell", "--trial-number", "1", "--values", "-3"], url, url)
    assert code == 0  # Optuna's was first: it finished the trial that ours had asked for
    theirs, ours = both(["best-trial", "--study-name", "s", "-f", "json"], url, url)
    assert ours == theirs
    assert json.loads(ours[1])["value"] == -3.0


@pytest.mark.parametrize(
    "arguments",
    [[], ["--help"], ["help"], ["ask", "--help"], ["study", "set-user-attr", "-h"], ["--version"], ["studies"]],
)
def test_exit_codes_without_a_storage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    for variable in ("PARZEN_STORAGE", "OPTUNA_STORAGE"):
        monkeypatch.delenv(variable, raising=False)
    assert parzen_main(arguments) == optuna_main(arguments)


@pytest.mark.parametrize("filled", ["parzen"], indirect=True)
def test_storage_variable_of_optuna(
    filled: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.delenv("PARZEN_STORAGE", raising=False)
    monkeypatch.setenv("OPTUNA_STORAGE", filled)
    assert optuna_main(["study-names"]) == 0
    theirs = capsys.readouterr().out
    assert parzen_main(["study-names"]) == 0
    assert capsys.readouterr().out == theirs
