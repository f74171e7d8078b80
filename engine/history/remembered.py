"""What samplers and pruners remember of a history. A copy starts without it, as it can be rebuilt from the history."""

from __future__ import annotations

from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .history import History

T = TypeVar("T")


class Remembered(WeakKeyDictionary[History, T]):
    """Something for each history, as long as the history lives; a pickled or copied one is empty."""

    def __reduce__(self) -> tuple[type[Remembered[Any]], tuple[()]]:
        return type(self), ()

    def copy(self) -> Remembered[T]:
        """Give an empty one."""
        return type(self)()

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Remembered[T]:
        return type(self)()
