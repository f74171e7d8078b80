"""Random forests of scikit-learn (the extra ``importance``), fitted to a study's trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution
from ...engine.history import Dimensions, History
from ...engine.kernels import trees
from .base import BaseImportanceEvaluator
from .evidence import Evidence


@dataclass(frozen=True, eq=False)
class Table:
    """Trials as a table of d columns: one for each number, and one for each choice of each categorical parameter.

    Attributes
    ----------
    dimensions : Dimensions
        The parameters.
    owner : ndarray
        The index of the parameter to which each column belongs, shape (d,).
    ranges : ndarray
        Lowest and highest value of each column, shape (d, 2): the ends of a number's range, 0 and 1 for a choice.
    """

    dimensions: Dimensions
    owner: IntArray
    ranges: FloatArray

    @classmethod
    def of(cls, space: dict[str, BaseDistribution]) -> Table:
        """Lay out the columns of a space in the order of names, so that the order of the space does not matter."""
        dimensions = Dimensions.of(dict(sorted(space.items())))
        owner = np.repeat(np.arange(len(space)), np.maximum(dimensions.n_choices, 1))
        bounds = np.stack([dimensions.scale.low, dimensions.scale.high], axis=1)[owner]
        ranges = np.where(dimensions.is_choice[owner, np.newaxis], [0.0, 1.0], bounds)
        return cls(dimensions, owner, ranges)

    def rows(self, history: History, numbers: IntArray) -> FloatArray:
        """Read trials (n,) as rows (n, d)."""
        with history.lock:
            return self.encoded(self.dimensions.read(history, numbers))

    def encoded(self, internal: FloatArray) -> FloatArray:
        """Turn internal values (n, p) of the p parameters into rows (n, d)."""
        rows = np.array(internal[:, self.owner], order="C")
        is_choice = self.dimensions.is_choice[self.owner]
        rows[:, is_choice] = self.dimensions.one_hot(internal)
        return rows

    def named(self, found: FloatArray) -> dict[str, float]:
        """Give what was found for each parameter (p,) by its name."""
        return dict(zip(self.dimensions.names, found.tolist(), strict=True))

    def of_parameter(self, index: int) -> BoolArray:
        """Tell which columns belong to a parameter, shape (d,)."""
        return np.asarray(self.owner == index)


class Forest:
    """A random forest: each tree is fitted to a bootstrap sample, and looks at all columns for its splits.

    Source: Breiman, "Random forests", Machine Learning 45, 2001, as scikit-learn has them.

    Parameters
    ----------
    n_trees
        Number of trees.
    max_depth
        Number of splits from the root to a leaf, at most; None: no limit.
    seed
        Seed of the bootstrap samples and of ties between splits; None: another forest each time.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """

    def __init__(self, n_trees: int, max_depth: int | None, seed: int | None) -> None:
        try:
            from sklearn.ensemble import RandomForestRegressor
        except ImportError as error:
            raise ImportError('Forests need scikit-learn: pip install "parzen[importance]"') from error
        self._regressor: Any = RandomForestRegressor(n_estimators=n_trees, max_depth=max_depth, random_state=seed)

    def fit(self, rows: FloatArray, targets: FloatArray) -> Forest:
        """Fit to rows (n, d) and targets (n,)."""
        self._regressor.fit(rows, targets)
        return self

    @property
    def impurity_decreases(self) -> FloatArray:
        """Share of the variance that splits in each column took away, shape (d,)."""
        return np.asarray(self._regressor.feature_importances_)

    def leaves(self, ranges: FloatArray) -> Iterator[trees.Leaves]:
        """Give the leaves of one tree after the other, in boxes within ranges (d, 2)."""
        for fitted in self._regressor.estimators_:
            tree = fitted.tree_
            children = tree.children_left, tree.children_right
            yield trees.leaves(children, tree.feature, tree.threshold, tree.value[:, 0, 0], ranges)

    def predict(self, rows: FloatArray) -> FloatArray:
        """Give the mean of the trees for rows (n, d): shape (n,)."""
        return np.asarray(self._regressor.predict(rows))


class ForestEvaluator(BaseImportanceEvaluator):
    """What evaluators share that ask a forest for importances; see `Forest` for the parameters."""

    def __init__(self, *, n_trees: int = 64, max_depth: int = 64, seed: int | None = None) -> None:
        self._forest = Forest(n_trees, max_depth, seed)

    def _learned(self, evidence: Evidence, space: dict[str, BaseDistribution], rows: IntArray) -> Table:
        """Fit the forest to some of the trials, and give the table that it learned from."""
        table = Table.of(space)
        self._forest.fit(table.rows(evidence.history, evidence.numbers[rows]), evidence.one_target()[rows])
        return table
