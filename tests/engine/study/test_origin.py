"""What is stored of a study's start, and that nothing about it can keep a study from starting."""

import json
import logging
import os
import subprocess

import pytest

import parzen
from parzen.engine.study import origin
from parzen.samplers import RandomSampler
from parzen.storages import InMemoryStorage

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def stored(study):
    return study._storage.get_study_system_attrs(study._study_id).get(origin.ORIGIN)


def test_it_is_stored_once(tmp_path):
    url = f"sqlite:///{tmp_path / 's.db'}"
    first = stored(parzen.create_study(storage=url, study_name="s", sampler=RandomSampler(seed=5)))
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first["sampler"]["seed"] == 5
    assert first["pruner"]["name"] == "MedianPruner"
    assert first["versions"]["parzen"] == parzen.__version__
    assert first["versions"].keys() == {"parzen", "python", "numpy", "numba"}
    again = parzen.create_study(storage=url, study_name="s", load_if_exists=True, sampler=RandomSampler(seed=6))
    assert stored(again) == stored(parzen.load_study(storage=url, study_name="s")) == first


def test_a_copy_has_that_of_the_original():
    storage = InMemoryStorage()
    study = parzen.create_study(storage=storage, study_name="a", sampler=RandomSampler(seed=5))
    parzen.copy_study(from_study_name="a", from_storage=storage, to_storage=storage, to_study_name="b")
    assert stored(parzen.load_study(study_name="b", storage=storage)) == stored(study)


def test_nothing_else_shows_it():
    study = parzen.create_study()
    study.optimize(lambda trial: 0.0, n_trials=1)
    assert study.user_attrs == {}
    assert study.trials[0].system_attrs == {}


class ReadOnly(InMemoryStorage):
    def set_study_system_attr(self, study_id, key, value):
        raise PermissionError("read-only")


def test_a_storage_that_refuses():
    study = parzen.create_study(storage=ReadOnly())
    study.optimize(lambda trial: 0.0, n_trials=1)
    assert stored(study) is None
    assert parzen.describe(study)["created"] is None


@pytest.mark.parametrize("value", ["0", "false", "NO", " off "])
def test_the_command_is_left_out(monkeypatch, value):
    monkeypatch.setenv(origin.RECORD_COMMAND, value)
    assert stored(parzen.create_study())["command"] is None


def test_the_command(monkeypatch):
    monkeypatch.delenv(origin.RECORD_COMMAND, raising=False)
    monkeypatch.setattr("sys.orig_argv", ["python", "a b.py", "--token", "hunter2", "mysql://u:hunter2@h/x"])
    assert stored(parzen.create_study())["command"] == "python 'a b.py' --token REDACTED mysql://u:REDACTED@h/x"
    monkeypatch.setattr("sys.orig_argv", ["python", "-c", "x" * 5000])
    assert len(stored(parzen.create_study())["command"]) < 2100


# --- git -------------------------------------------------------------------------------------------------------------


def repository(folder, head="ref: refs/heads/main\n"):
    git = folder / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    return git


def test_commits(tmp_path, monkeypatch):
    git = repository(tmp_path)
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert origin.commit_of_folder() is None  # no commit yet
    (git / "packed-refs").write_text(
        f"# pack-refs\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n^{'e' * 40}\n"
    )
    assert origin.commit_of_folder() == {"commit": COMMIT, "branch": "main"}
    (git / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert origin.commit_of_folder() == {"commit": "a" * 40, "branch": "main"}
    (git / "HEAD").write_text("b" * 40 + "\n")
    assert origin.commit_of_folder() == {"commit": "b" * 40}


def test_the_same_as_git_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in
                                    ("NAME", "EMAIL")}}  # fmt: skip

    def git(*words):
        return subprocess.run(
            ["git", *words], check=True, capture_output=True, text=True, env=environment
        ).stdout.strip()

    try:
        git("init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git("commit", "-q", "--allow-empty", "-m", "x")
    assert origin.commit_of_folder()["commit"] == git("rev-parse", "HEAD")
    git("pack-refs", "--all")
    git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    monkeypatch.chdir(tmp_path / "tree")
    assert origin.commit_of_folder() == {"commit": git("rev-parse", "HEAD"), "branch": "side"}


@pytest.mark.parametrize("damage", ["missing", "binary", "folder", "points nowhere"])
def test_damaged_repositories(tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    if damage == "points nowhere":
        (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    else:
        git = repository(tmp_path)
        if damage == "binary":
            (git / "HEAD").write_bytes(b"\xff\xfe\x00")
        else:
            (git / "HEAD").unlink()
        if damage == "folder":
            (git / "HEAD").mkdir()
    assert origin.commit_of_folder() is None
    assert stored(parzen.create_study())["git"] is None


def test_a_folder_that_was_deleted(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert stored(parzen.create_study())["git"] is None


def test_versions_without_imports(tmp_path, monkeypatch):
    (tmp_path / "oddball-1.2.3.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert origin._installed("oddball") == "1.2.3"
    assert origin._installed("nothing_of_this_name") is None


def test_what_went_wrong_is_logged(caplog):
    parzen.logging.enable_propagation()
    try:
        with caplog.at_level(logging.DEBUG, logger="parzen"):
            parzen.create_study(storage=ReadOnly())
    finally:
        parzen.logging.disable_propagation()
    assert "could not be stored: PermissionError" in caplog.text
