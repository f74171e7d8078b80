"""What an error of a server means: whether another attempt can help, and what the user can do.

Only what can heal is tried again: a conflict of transactions, a lost connection, a server without a free connection.
Servers tell by a code, PostgreSQL by an SQLSTATE and MySQL by a number; while it connects, PostgreSQL tells by a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What can be done after an error."""

    CONFLICT = auto()  # a row that must be unique is there
    BROKEN_OFF = auto()  # the transaction may be tried again
    LOST = auto()  # so may it on another connection
    FULL = auto()  # there is no free connection: others will leave one
    FINAL = auto()  # another attempt would fail alike


@dataclass(frozen=True)
class Diagnosis:
    """What an error means, and what the user can do about it."""

    kind: Kind
    remedy: str = ""
    is_right: bool = False  # a missing right


_BROKEN_OFF = {"55P03", "57014", "1020", "1205", "1213", "1317", "1969", "3101"}
_LOST = {
    "57P01", "57P02", "57P03", "57P05", "0", "1053", "1077", "1079", "1080", "1152", "1158", "1159", "1160", "1161",
    "1184", "1927", "2002", "2003", "2006", "2012", "2013", "2014", "2055", "4031",
}  # fmt: skip
_FULL = {"53300", "1040", "1203", "1226"}

_ADDRESS = "Check that the server runs, and the address, user and database in the URL."
_TURN = "The server has no free connection: raise its limit, or start fewer processes."
_RIGHT = (
    "The user in the URL lacks a right. Work on studies needs SELECT, INSERT, UPDATE and DELETE on the tables (in "
    "PostgreSQL USAGE on the sequences, too), and creating them CREATE."
)
_READ = "This server, or this user, may only read: name one that may write."
_LOGIN = "Check user and password in the URL, and that this user may connect from here."
_DATABASE = "Create the database, or check its name and the user in the URL."
_DISK = "The disk of the server is full: free some space. What was stored before is safe, and the call can be repeated."
_LARGE = "This is too large for the server: keep large things as artifacts, or raise the server's limit ({limit})."
_SCHEMA = "There is no schema to create tables in: create one, and name it in the user's search_path."
_ALIKE = (
    "A name that differs only in case, in accents or by blanks at the end is there already, and the collation of this "
    "table, which parzen did not make, takes both for one. Nothing was stored; choose another name."
)
_VERSION = "The server did not understand parzen: it is too old, or this is an error in parzen, which please report."

_REMEDIES = {
    **dict.fromkeys(("42501", "1044", "1142", "1143", "1227", "1370", "1410"), _RIGHT),
    **dict.fromkeys(("25006", "1290", "1792", "1836"), _READ),
    **dict.fromkeys(("28000", "28P01", "1045", "1698"), _LOGIN),
    **dict.fromkeys(("3D000", "1049"), _DATABASE),
    **dict.fromkeys(("53100", "1021", "1114", "3", "28"), _DISK),
    **dict.fromkeys(("54000", "22001", "1406", "1118"), _LARGE.format(limit="its tables' columns")),
    "1153": _LARGE.format(limit="max_allowed_packet"),
    "3F000": _SCHEMA,
    "1242": _ALIKE,
    **dict.fromkeys(("42601", "1064"), _VERSION),
}
_RIGHTS = {code for code, remedy in _REMEDIES.items() if remedy in (_RIGHT, _READ)}

# What PostgreSQL says while it connects, in the language that most servers speak.
_WHILE_CONNECTING = (
    (r"too many (clients|connections)|connection slots|starting up|no more connections", Diagnosis(Kind.FULL, _TURN)),
    (r"database .* does not exist", Diagnosis(Kind.FINAL, _DATABASE)),
    (r"password|authentication failed|pg_hba\.conf|role .* does not exist|not permitted to log in",
     Diagnosis(Kind.FINAL, _LOGIN)),
    (r"permission denied", Diagnosis(Kind.FINAL, _RIGHT, is_right=True)),
)  # fmt: skip


def too_large(limit: int) -> str:
    """Say that a statement has more than the bytes that MySQL takes at once."""
    return f"it takes at most {limit:,} bytes in one statement. {_LARGE.format(limit='max_allowed_packet')}"


def diagnose(error: Exception) -> Diagnosis | None:
    """Give what an error that SQLAlchemy raised means; None if it is not one of the server.

    Parameters
    ----------
    error
        What SQLAlchemy raised.
    """
    from sqlalchemy import exc

    if isinstance(error, exc.TimeoutError):
        return Diagnosis(Kind.FULL, "All connections of the pool are in use: raise `pool_size` or `max_overflow`.")
    if isinstance(error, exc.PendingRollbackError | exc.ResourceClosedError):
        return Diagnosis(Kind.LOST, _ADDRESS)
    if not isinstance(error, exc.DBAPIError):
        return None
    code = code_of(error)
    if isinstance(error, exc.IntegrityError) and code not in _REMEDIES:
        return Diagnosis(Kind.CONFLICT)
    return _of_code(code, error.connection_invalidated) or _without_code(error)


def code_of(error: Exception) -> str:
    """Give the server's code, of MySQL the number, since its SQLSTATE says less; "" without one."""
    found = getattr(error, "orig", None)
    first = next(iter(getattr(found, "args", ())), "")
    return str(first) if isinstance(first, int) else getattr(found, "sqlstate", None) or ""


def _of_code(code: str, is_cut: bool) -> Diagnosis | None:
    if code in _BROKEN_OFF or code.startswith("40"):
        return Diagnosis(Kind.BROKEN_OFF)
    if code in _FULL:
        return Diagnosis(Kind.FULL, _TURN)
    if code in _LOST or code.startswith("08") or (is_cut and code not in _REMEDIES):
        return Diagnosis(Kind.LOST, _ADDRESS)
    return Diagnosis(Kind.FINAL, _REMEDIES.get(code, ""), code in _RIGHTS) if code else None


def _without_code(error: Exception) -> Diagnosis:
    from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

    text = str(getattr(error, "orig", error))
    for pattern, diagnosis in _WHILE_CONNECTING:
        if re.search(pattern, text):
            return diagnosis
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        return Diagnosis(Kind.LOST, _ADDRESS)
    return Diagnosis(Kind.FINAL)
