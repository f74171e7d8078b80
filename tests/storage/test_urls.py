"""What is no storage is told without its password, and with what to give instead."""

from __future__ import annotations

from pathlib import Path

import pytest

import parzen
from parzen.storages.journal import JournalFileBackend


@pytest.mark.parametrize(
    "url",
    [
        "postgersql://me:pa/ss@host/database",
        "postgresql:/me:pass@host/database",
        "mysql//me:pass@host/database",
        "me:pass@host/database",
        "postgresql://me:pass@host:port/database",
        "postgresql://me:pa@ss@host/database",
        "redis://me:pass@host:6379/0",
    ],
)
def test_a_mistyped_address_is_quoted_without_its_password(url: str) -> None:
    pytest.importorskip("sqlalchemy")
    with pytest.raises(ValueError, match="REDACTED@") as caught:
        parzen.create_study(storage=url)
    assert "me:pa" not in str(caught.value)
    assert "ss@" not in str(caught.value)


def test_a_driver_that_nobody_knows_is_named() -> None:
    pytest.importorskip("sqlalchemy")
    with pytest.raises(ValueError, match=r"no driver 'mysql\+foo'"):
        parzen.create_study(storage="mysql+foo://me:pass@host/database")


def test_the_log_of_a_journal_is_told_of_the_storage_around_it(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"JournalFileBackend.*JournalStorage\(\.\.\.\)"):
        parzen.create_study(storage=JournalFileBackend(f"{tmp_path}/study.log"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"JournalStorage\(JournalRedisBackend"):
        parzen.create_study(storage="redis://localhost")
