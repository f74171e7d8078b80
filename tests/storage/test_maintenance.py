"""Files of studies are opened, copied and shrunk, and nothing is made of what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

import parzen
from parzen.exceptions import StorageInternalError
from parzen.storage.rdb import maintenance


@pytest.fixture
def file(tmp_path: Path) -> Path:
    study = parzen.create_study(storage=f"sqlite:///{tmp_path}/study.db", study_name="s")
    trial = study.ask()
    trial.set_user_attr("large", "x" * 10**6)
    study.tell(trial, 1.5)
    study._storage.remove_session()
    return tmp_path / "study.db"


def test_a_copy_is_one_file_that_holds_the_same(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_PAGES", 50)
    target, seen = tmp_path / "copy.db", []
    target.write_text("an older copy")
    (tmp_path / "copy.db.unfinished").write_text("of a copy that was broken off")
    maintenance.copy_file(file, target, lambda done, total: seen.append((done, total)))
    assert parzen.load_study(study_name="s", storage=f"sqlite:///{target}").best_value == 1.5
    assert {total for _, total in seen} == {seen[-1][0]}
    assert [done for done, _ in seen] == [*range(50, seen[-1][0], 50), seen[-1][0]]
    assert sorted(path.name for path in tmp_path.glob("copy*") if path.suffix == ".unfinished") == []


def test_a_database_is_no_copy_of_itself(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(file)
    with pytest.raises(StorageInternalError, match="is the database itself"):
        maintenance.copy_file(file, tmp_path / "link.db")
    assert parzen.load_study(study_name="s", storage=f"sqlite:///{file}").best_value == 1.5


def test_what_is_no_database_is_neither_opened_nor_made(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database" * 100)
    for name, match in (("none.db", "There is no file"), ("notes.txt", "notes.txt")):
        with pytest.raises(StorageInternalError, match=match), maintenance.opened(tmp_path / name, read_only=False):
            pass
        with pytest.raises(StorageInternalError, match=match):
            maintenance.copy_file(tmp_path / name, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_read_or_written_as_asked(file: Path) -> None:
    with maintenance.opened(file, read_only=False) as connection:
        connection.execute("DELETE FROM trial_user_attributes")
    with (
        pytest.raises(StorageInternalError, match="readonly"),
        maintenance.opened(file, read_only=True) as connection,
    ):
        connection.execute("DELETE FROM trials")
    assert parzen.load_study(study_name="s", storage=f"sqlite:///{file}").trials[0].user_attrs == {}


def test_unused_space_goes_back_to_the_disk(file: Path) -> None:
    with maintenance.opened(file, read_only=False) as connection:
        connection.execute("DELETE FROM trial_user_attributes")
    before, after = maintenance.vacuum(file)
    assert before > 10**6 > 500_000 > after == file.stat().st_size
