"""Command lines without passwords and other secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence

HIDDEN = "REDACTED"

_SECRET = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|auth|(?:api|access|private|secret)[-_]?key)"
_NAME = rf"(?:[\w-]*[-_])?{_SECRET}(?:[-_][\w-]*)?"
# --password VALUE: an option whose value is the next word
_OPTION = re.compile(rf"--?{_NAME}", re.IGNORECASE)
# name=value, "name": value, and ?token=value& in an address
_ASSIGNED = re.compile(rf"""(\b{_NAME}["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&"',;)\]}}]+)""", re.IGNORECASE)
# scheme://user:password@host; the last @ counts, as passwords may hold one
_ADDRESS = re.compile(r"([a-z][\w+.-]*://[^\s/:@]*):[^\s]*@", re.IGNORECASE)
# the same where it is mistyped: without its colon, with too few slashes, without a scheme
_MISTYPED = re.compile(r"^((?:[a-z][\w+.-]*:?/{1,3})?[^\s/:@]*):.*@", re.IGNORECASE | re.DOTALL)
# what well-known services hand out: their tokens can be told by how they begin
_KNOWN = re.compile(r"\b(?:hf_|gh[pousr]_|github_pat_|glpat-|sk-|xox[abpr]-|AKIA|ya29\.|eyJ)[\w./+=-]{8,}")


def redacted(words: Sequence[str]) -> list[str]:
    """Hide secrets in the words of a command line.

    Hidden are passwords in addresses, the values of options and names that sound like secrets, and what looks like the
    token of a well-known service. A secret under another name is not recognised.
    """
    found, hides_next = [], False
    for word in words:
        if hides_next and not word.startswith("--"):
            found.append(HIDDEN)
            hides_next = False
            continue
        hides_next = _OPTION.fullmatch(word) is not None
        found.append(word if hides_next else redacted_text(word))
    return found


def is_secret(name: str) -> bool:
    """Tell whether a name is that of a secret, as ``password`` or ``api_key``."""
    return re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def redacted_url(url: str) -> str:
    """Hide the password in what should be an address, however it is mistyped."""
    return redacted_text(_MISTYPED.sub(rf"\1:{HIDDEN}@", url))


def redacted_text(text: str) -> str:
    """Hide secrets in a text."""
    text = _ADDRESS.sub(rf"\1:{HIDDEN}@", text)
    text = _ASSIGNED.sub(lambda match: match[1] + HIDDEN, text)
    return _KNOWN.sub(HIDDEN, text)
