"""The switches of the log, and what a run writes."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest

import parzen


@pytest.fixture
def fresh():
    """Put the switches back as they were."""
    level = parzen.logging.get_verbosity()
    yield
    parzen.logging.set_verbosity(level)
    parzen.logging.enable_default_handler()
    parzen.logging.disable_propagation()


@pytest.mark.usefixtures("fresh")
class TestSwitches:
    def test_messages_go_to_stderr_with_level_and_time(self, capsys):
        parzen.logging.set_verbosity(parzen.logging.INFO)
        parzen.logging.get_logger("parzen.part").info("hello")
        line = capsys.readouterr().err
        assert line.startswith("[I 2") and line.endswith("] hello\n")

    def test_verbosity(self, capsys):
        parzen.logging.set_verbosity(parzen.logging.WARNING)
        assert parzen.logging.get_verbosity() == logging.WARNING
        parzen.logging.get_logger("parzen").info("quiet")
        parzen.logging.get_logger("parzen").warning("loud")
        assert "quiet" not in (err := capsys.readouterr().err) and "loud" in err

    def test_handler_off_and_on_writes_once(self, capsys):
        parzen.logging.set_verbosity(parzen.logging.INFO)
        logger = parzen.logging.get_logger("parzen")
        parzen.logging.disable_default_handler()
        logger.info("unheard")
        parzen.logging.enable_default_handler()
        parzen.logging.enable_default_handler()
        logger.info("heard")
        err = capsys.readouterr().err
        assert "unheard" not in err and err.count("heard") == 1

    def test_propagation(self):
        parzen.logging.set_verbosity(parzen.logging.INFO)
        seen = io.StringIO()
        handler = logging.StreamHandler(seen)
        logging.getLogger().addHandler(handler)
        logger = parzen.logging.get_logger("parzen")
        try:
            logger.info("kept")
            parzen.logging.enable_propagation()
            logger.info("handed on")
        finally:
            logging.getLogger().removeHandler(handler)
        assert seen.getvalue() == "handed on\n"

    def test_formatter(self):
        record = logging.LogRecord("parzen", logging.WARNING, "", 0, "text", (), None)
        assert parzen.logging.create_default_formatter().format(record).startswith("[W ")

    def test_lines_of_a_run(self, capsys):
        parzen.logging.set_verbosity(parzen.logging.INFO)

        def objective(trial):
            x = trial.suggest_int("x", 1, 1)
            if trial.number == 1:
                raise parzen.TrialPruned("too slow")
            if trial.number == 2:
                raise KeyError("gone")
            return {3: float("nan")}.get(trial.number, x)

        study = parzen.create_study(study_name="mine")
        study.optimize(objective, n_trials=4, catch=KeyError)
        out = [line.split("] ", 1)[1] for line in capsys.readouterr().err.splitlines() if line.startswith("[")]
        assert out == [
            "A new study created in memory with name: mine",
            "Trial 0 finished with value: 1.0 and parameters: {'x': 1}. Best is trial 0 with value: 1.0.",
            "Trial 1 pruned. too slow",
            "Trial 2 failed with parameters: {'x': 1} because of the following error: KeyError('gone').",
            "Trial 2 failed with value None.",
            "Trial 3 failed with parameters: {'x': 1} because of the following error: The value nan is not acceptable.",
            "Trial 3 failed with value nan.",
        ]

    def test_lines_of_named_metrics(self, capsys):
        parzen.logging.set_verbosity(parzen.logging.INFO)
        study = parzen.create_study(directions=["minimize", "maximize"])
        study.set_metric_names(["loss", "score"])
        study.optimize(lambda trial: (1.0, 2.0), n_trials=1)
        assert (
            "Trial 0 finished with values: {'loss': 1.0, 'score': 2.0} and parameters: {}." in capsys.readouterr().err
        )


class Lines(logging.Handler):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.mark.usefixtures("fresh")
class TestTheNameOptuna:
    """Scripts that know parzen as Optuna steer its messages by that name."""

    @pytest.fixture
    def heard(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "optuna", raising=False)  # other tests may have loaded Optuna itself
        handler = Lines()
        logging.getLogger("optuna").addHandler(handler)
        yield handler.lines
        logging.getLogger("optuna").removeHandler(handler)

    def test_a_handler_gets_each_record_once(self, heard, capsys):
        parzen.logging.set_verbosity(parzen.logging.INFO)
        parzen.logging.get_logger("parzen.part").info("a")
        parzen.logging.get_logger("optuna").info("b")
        parzen.logging.disable_default_handler()
        parzen.logging.get_logger("parzen.part").info("c")
        assert heard == ["a", "b", "c"]
        assert capsys.readouterr().err.count("] a") == 1

    @pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING, "ERROR"])
    def test_its_level_decides_and_the_last_word_counts(self, heard, level):
        parzen.logging.set_verbosity(parzen.logging.CRITICAL)
        logging.getLogger("optuna").setLevel(level)
        parzen.logging.get_logger("parzen.part").info("info")
        parzen.logging.get_logger("parzen.part").error("error")
        assert heard == (["info", "error"] if level == logging.DEBUG else ["error"])
        parzen.logging.set_verbosity(parzen.logging.CRITICAL)
        parzen.logging.get_logger("parzen.part").error("unheard")
        assert logging.getLogger("optuna").level == parzen.logging.get_verbosity() == logging.CRITICAL
        assert "unheard" not in heard

    @pytest.mark.parametrize(("before", "level"), [("pass", "INFO"), ("optuna.setLevel('ERROR')", "ERROR")])
    def test_a_level_from_before_parzen_is_loaded_stays(self, before, level):
        program = f"""
import logging
optuna = logging.getLogger("optuna")
{before}
import parzen
assert parzen.logging.get_verbosity() == logging.{level}
"""
        subprocess.run([sys.executable, "-c", program], check=True)
