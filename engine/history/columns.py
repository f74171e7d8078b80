"""Growing arrays: append in amortised O(1), read as NumPy views."""

from __future__ import annotations

from array import array
from bisect import insort
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import AnyArray, FloatArray

_FIRST = 64  # rows allocated at first
_FEW = 32  # new numbers up to which each is inserted, instead of sorting all again


def grown(array: AnyArray, rows: int, fill: Any) -> AnyArray:
    """Copy `array` into one of `rows` rows, the new ones filled with `fill`."""
    bigger = np.full((rows, *array.shape[1:]), fill, dtype=array.dtype)
    bigger[: len(array)] = array
    return bigger


class Growing:
    """A one-dimensional array that grows at its end.

    Parameters
    ----------
    dtype
        NumPy type of the elements.
    """

    __slots__ = ("_data", "n")

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._data: AnyArray = np.empty(_FIRST // 8, dtype=dtype)
        self.n = 0

    def append(self, value: float) -> None:
        """Add one element."""
        if self.n == len(self._data):
            self._reserve(self.n + 1)
        self._data[self.n] = value
        self.n += 1

    def extend(self, values: npt.ArrayLike) -> None:
        """Add elements."""
        added = np.asarray(values)
        self._reserve(self.n + len(added))
        self._data[self.n : self.n + len(added)] = added
        self.n += len(added)

    def _reserve(self, rows: int) -> None:
        if rows > len(self._data):
            self._data = grown(self._data, max(2 * len(self._data), rows), 0)

    @property
    def view(self) -> AnyArray:
        """The elements, shape (n,)."""
        return self._data[: self.n]

    def since(self, k: int) -> list[Any]:
        """List all but the first `k` elements."""
        found: list[Any] = self._data[k : self.n].tolist()
        return found


class Sorted:
    """Numbers in ascending order. Added numbers are put in their places at the next look."""

    __slots__ = ("_added", "_sorted")

    def __init__(self) -> None:
        self._sorted = array("d")
        self._added = array("d")

    def add(self, value: float) -> None:
        """Add a number that is not NaN."""
        self._added.append(value)

    @property
    def values(self) -> array[float]:
        """The numbers, ascending."""
        if self._added:
            self._merge()
        return self._sorted

    def _merge(self) -> None:
        if len(self._added) > _FEW:
            merged = np.sort(np.concatenate([np.frombuffer(self._sorted), np.frombuffer(self._added)]), kind="stable")
            self._sorted = array("d", merged.tobytes())
        else:
            for value in self._added:
                insort(self._sorted, value)
        self._added = array("d")


class Rows:
    """Arrays that share a number of rows and grow together.

    A column ``rows["name"]`` has `capacity` rows; those not set yet hold its fill value.

    Attributes
    ----------
    capacity : int
        Rows there is room for.
    cells : dict[str, memoryview]
        Each column again, for single values: NumPy takes twice as long to read or set one.
    """

    __slots__ = ("_arrays", "_fills", "capacity", "cells")

    def __init__(self) -> None:
        self._arrays: dict[str, AnyArray] = {}
        self._fills: dict[str, Any] = {}
        self.capacity = _FIRST
        self.cells: dict[str, Any] = {}

    # A view cannot be pickled, and is made again.
    def __getstate__(self) -> tuple[dict[str, AnyArray], dict[str, Any], int]:
        return self._arrays, self._fills, self.capacity

    def __setstate__(self, state: tuple[dict[str, AnyArray], dict[str, Any], int]) -> None:
        self._arrays, self._fills, self.capacity = state
        self.cells = {name: array.data for name, array in self._arrays.items()}

    def _hold(self, name: str, array: AnyArray) -> None:
        self._arrays[name], self.cells[name] = array, array.data

    def add(self, name: str, fill: Any, dtype: npt.DTypeLike, width: int | None = None) -> None:
        """Add a column of (capacity,) or (capacity, width), every row `fill`."""
        shape = self.capacity if width is None else (self.capacity, width)
        self._fills[name] = fill
        self._hold(name, np.full(shape, fill, dtype=dtype))

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows."""
        if rows > self.capacity:
            capacity = max(2 * self.capacity, rows)
            for name, array in self._arrays.items():
                self._hold(name, grown(array[: self.capacity], capacity, self._fills[name]))
            self.capacity = capacity  # last, as Ctrl-C may come between

    def __getitem__(self, name: str) -> AnyArray:
        return self._arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def names(self) -> list[str]:
        """Give the names of the columns, in order of addition."""
        return list(self._arrays)


class Matrix:
    """Float columns of equal length as the rows of one array, so that several are read at once; NaN where unset.

    Attributes
    ----------
    index : dict[str, int]
        The row of each column in `data`.
    data : ndarray
        Shape (at least the number of columns, capacity).
    cells : dict[str, memoryview]
        Each column again, for single values; see `Rows`.
    capacity : int
        Length of the columns.
    """

    __slots__ = ("capacity", "cells", "data", "index")

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._hold(np.full((4, _FIRST), np.nan))

    def _hold(self, data: FloatArray) -> None:
        cells: dict[str, Any] = {name: data[row].data for name, row in self.index.items()}
        self.cells, self.data, self.capacity = cells, data, data.shape[1]

    # A view cannot be pickled, and is made again.
    def __getstate__(self) -> tuple[dict[str, int], FloatArray]:
        return self.index, self.data

    def __setstate__(self, state: tuple[dict[str, int], FloatArray]) -> None:
        self.index = state[0]
        self._hold(state[1])

    def add(self, name: str) -> None:
        """Add a column."""
        row = len(self.index)
        if row == len(self.data):
            self._hold(grown(self.data, 2 * row, np.nan))
        self.cells[name] = self.data[row].data
        self.index[name] = row

    def reserve(self, length: int) -> None:
        """Make room for columns of this length."""
        if length > self.capacity:
            data = np.full((len(self.data), max(2 * self.capacity, length)), np.nan)
            data[:, : self.capacity] = self.data
            self._hold(data)

    def __getitem__(self, name: str) -> FloatArray:
        column: FloatArray = self.data[self.index[name]]
        return column
