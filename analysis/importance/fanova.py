"""fANOVA: the share of the objective's variance over the whole space that one parameter explains by itself.

Source: Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import StudyLike
from ...engine.kernels import trees
from ..targets import Target
from .base import by_importance
from .evidence import Evidence, split_single
from .forest import Forest, ForestEvaluator, Table


class FanovaImportanceEvaluator(ForestEvaluator):
    """Weighs parameters by the variance of a forest's mean where they are known.

    A random forest learns the objective. For each of its trees, the variance of the mean value given one parameter is
    divided by the variance of all, exactly, over the boxes of its leaves; the mean over trees is the importance. What
    is missing to 1 are interactions. Numbers count uniformly over their range, on a linear scale even where the
    parameter has a log scale, and a choice is a column of 0 or 1, as in Optuna: the numbers are the same for one seed.
    Needs scikit-learn: ``pip install "parzen[importance]"``.

    Source: Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014.

    Parameters
    ----------
    n_trees
        Number of trees.
    max_depth
        Number of splits from the root to a leaf, at most.
    seed
        Seed of the forest; None: another forest each time.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def evaluate(
        self, study: StudyLike, params: list[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Weigh parameters by the complete trials of a study.

        Parameters
        ----------
        study
            A study.
        params
            Names of the parameters to weigh, by the trials that have all of them; None: those that every complete trial
            suggested from the same range.
        target
            Gives the number that is explained for a trial; None: the objective value.

        Returns
        -------
        importances
            By name, the largest first: shares of the variance, whose sum is at most about 1.

        Raises
        ------
        ValueError
            With several objectives and no target; if no trial has all of `params`, or their ranges moved.
        RuntimeError
            If the target is the same everywhere.
        """
        evidence = Evidence.of(study, target)
        evidence.one_target()
        space, rows = evidence.together(params)
        varied, single = split_single(space)
        if not varied or len(rows) < 2:
            return dict.fromkeys(space, 0.0)
        table = self._learned(evidence, varied, rows)
        return by_importance(table.named(main_shares(self._forest, table))) | by_importance(single)


def main_shares(forest: Forest, table: Table) -> FloatArray:
    """Give the share of the variance that each parameter explains by itself, in the mean over trees: shape (p,).

    Raises
    ------
    RuntimeError
        If every tree is constant.
    """
    choices = [index for index, is_choice in enumerate(table.dimensions.is_choice) if is_choice]
    first = np.searchsorted(table.owner, np.arange(len(table.dimensions.names)))
    shares = []
    for tree in forest.leaves(table.ranges):
        if tree.variance > 0.0:
            variances = trees.main_variances(tree)[first]
            for index in choices:
                variances[index] = trees.joint_variance(tree, table.of_parameter(index))
            shares.append(variances / tree.variance)
    if not shares:
        raise RuntimeError("Encountered zero total variance in all trees.")
    return np.mean(shares, axis=0)  # type: ignore[no-any-return]
