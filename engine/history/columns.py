"""Growing arrays: append in amortised O(1), read as NumPy views."""

from __future__ import annotations

import math
from array import array
from bisect import insort
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import AnyArray, FloatArray, IntArray

_FIRST = 64  # rows allocated at first
_SPARSE = 32  # a column is laid out once it has more than one value in so many rows
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

    def extend(self, values: FloatArray) -> None:
        """Add numbers (k,) that are not NaN."""
        self._added.extend(values.tolist())

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


class Few(dict[int, float]):
    """A column with few values: those that are set, by row; NaN elsewhere."""

    def __missing__(self, row: int) -> float:
        return math.nan


class Matrix:
    """Float columns of equal length by name, NaN where unset.

    A column with few values costs what it holds. Once it has more, it is a row of one array, as several of these are
    read at once; when the array is made larger, columns that have become few go back.

    Attributes
    ----------
    cells : dict[str, memoryview or Few]
        Each column, for single values; see `Rows`. To be set by `set`.
    capacity : int
        Length of the columns.
    """

    __slots__ = ("_data", "_index", "_n_used", "_newest", "capacity", "cells")

    def __init__(self) -> None:
        self.cells: dict[str, Any] = {}
        self._index: dict[str, int] = {}
        self._n_used = 0
        self._hold(np.full((4, _FIRST), np.nan))

    def _hold(self, data: FloatArray) -> None:
        cells = self.cells | {name: data[row].data for name, row in self._index.items()}
        self.cells, self._data, self.capacity = cells, data, data.shape[1]
        # The names that were read last, and their rows.
        self._newest: tuple[Sequence[str], IntArray] = (), np.empty((0, 1), np.int64)

    # A view cannot be pickled, and is made again.
    def __getstate__(self) -> tuple[dict[str, Any], dict[str, int], FloatArray]:
        return {name: None if name in self._index else few for name, few in self.cells.items()}, self._index, self._data

    def __setstate__(self, state: tuple[dict[str, Any], dict[str, int], FloatArray]) -> None:
        self.cells, self._index = state[:2]
        self._n_used = max(self._index.values(), default=-1) + 1
        self._hold(state[2])

    def add(self, name: str) -> None:
        """Add a column."""
        self.cells[name] = Few()

    def set(self, name: str, row: int, value: float) -> None:
        """Set a value of a column."""
        cells = self.cells[name]
        cells[row] = value
        if type(cells) is Few and len(cells) > self.capacity // _SPARSE:
            self._lay_out(name, cells)

    def set_many(self, name: str, rows: IntArray, values: FloatArray) -> None:
        """Set values of a column that has none yet."""
        if len(rows) > self.capacity // _SPARSE:
            self._lay_out(name, Few())
            self._data[self._index[name], rows] = values
        else:
            self.cells[name] = Few(zip(rows.tolist(), values.tolist(), strict=True))

    def set_span(self, name: str, start: int, values: FloatArray) -> None:
        """Set the values (k,) of a column from one row on."""
        cells = self.cells[name]
        if type(cells) is Few:
            cells.update(zip(range(start, start + len(values)), values.tolist(), strict=True))
            if len(cells) > self.capacity // _SPARSE:
                self._lay_out(name, cells)
        else:
            self._data[self._index[name], start : start + len(values)] = values

    def _lay_out(self, name: str, few: Few) -> None:
        """Make a column a row of the array."""
        row = self._index.get(name, self._n_used)  # it has one if Ctrl-C came before the last line
        if row == len(self._data):
            self._hold(grown(self._data, 2 * row, np.nan))
        self._n_used = max(row + 1, self._n_used)
        self._data[row, list(few)] = list(few.values())
        self._index[name] = row
        self.cells[name] = self._data[row].data

    def reserve(self, length: int) -> None:
        """Make room for columns of this length."""
        if length <= self.capacity:
            return
        capacity = max(2 * self.capacity, length)
        n_values = np.count_nonzero(~np.isnan(self._data), axis=1)
        many = [name for name, row in self._index.items() if n_values[row] > capacity // (2 * _SPARSE)]
        data = np.full((max(4, len(many)), capacity), np.nan)
        data[: len(many), : self.capacity] = self._data[[self._index[name] for name in many]]
        few = {name: self._few(name) for name in self._index.keys() - set(many)}
        self._index, self._n_used = {name: row for row, name in enumerate(many)}, len(many)
        self.cells |= few
        self._hold(data)

    def _few(self, name: str) -> Few:
        """Read a row of the array as a column with few values."""
        column = self._data[self._index[name]]
        rows = np.flatnonzero(~np.isnan(column))
        return Few(zip(rows.tolist(), column[rows].tolist(), strict=True))

    def read(self, names: Sequence[str], rows: IntArray) -> FloatArray:
        """Read some rows (n,) of some columns: shape (d, n), NaN for columns that there are not."""
        newest, places = self._newest
        if names is not newest:
            try:
                places = np.fromiter(map(self._index.__getitem__, names), np.int64, len(names))[:, np.newaxis]
            except KeyError:
                return np.array([self._column(name)[rows] for name in names])
            self._newest = names, places
        return self._data[places, rows]  # type: ignore[no-any-return]

    def _column(self, name: str) -> FloatArray:
        """Give a column, shape (capacity,)."""
        if name in self._index:
            return self._data[self._index[name]]  # type: ignore[no-any-return]
        column, few = np.full(self.capacity, np.nan), self.cells.get(name, {})
        column[list(few)] = list(few.values())
        return column

    def __getitem__(self, name: str) -> FloatArray:
        return self._column(name)
