"""Command lines without secrets."""

import pytest

from parzen.engine.redaction import redacted


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        (["postgresql://me:hunter2@host/db"], "hunter2"),
        (["--storage=mysql+pymysql://me:hun@ter2:x@host:3306/db"], "ter2"),
        (["redis://:hunter2@host"], "hunter2"),
        (["--password", "hunter2"], "hunter2"),
        (["-password", "-hunter2"], "hunter2"),
        (["--db-password=hunter2"], "hunter2"),
        (["--api-key", "hunter2"], "hunter2"),
        (["--hf_token=hunter2"], "hunter2"),
        (["AWS_SECRET_ACCESS_KEY=hunter2"], "hunter2"),
        (["https://host/x?token=hunter2&n=1"], "hunter2"),
        (["-c", "connect(password='hunter2', user='me')"], "hunter2"),
        (['{"api_key": "hunter2"}'], "hunter2"),
        (["ghp_0123456789abcdef0123"], "0123456789"),
        (["--key", "sk-0123456789abcdef"], "0123456789"),
    ],
)
def test_hidden(words, secret):
    found = redacted(words)
    assert secret not in " ".join(found)
    assert "REDACTED" in " ".join(found)
    assert len(found) == len(words)


@pytest.mark.parametrize(
    "words",
    [
        ["python", "train.py", "--lr", "0.1", "--storage", "sqlite:///study.db"],
        ["postgresql://me@host:5432/db"],
        ["--n-tokens", "5", "--author", "me", "--bypass", "x"],
        ["https://host/a:b@c"],
        [],
    ],
)
def test_kept(words):
    assert redacted(words) == words


def test_an_option_at_the_end_and_before_another():
    assert redacted(["--token"]) == ["--token"]
    assert redacted(["--password", "--lr", "0.1"]) == ["--password", "--lr", "0.1"]
