"""Mean decrease of impurity: how much of the variance of its trials a forest's splits in a parameter took away."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.history import StudyLike
from ..targets import Target
from .base import by_importance
from .evidence import Evidence
from .forest import ForestEvaluator


class MeanDecreaseImpurityImportanceEvaluator(ForestEvaluator):
    """Weighs parameters by the splits of a forest: the variance that they take away, in the mean over trees.

    Unlike fANOVA it counts where the trials are, not the whole space, and interactions too; parameters of many values
    are preferred. Needs scikit-learn: ``pip install "parzen[importance]"``.

    Source: Breiman, "Random forests", Machine Learning 45, 2001; Louppe et al., "Understanding variable importances in
    forests of randomized trees", NeurIPS 2013, equation 2.

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
        """Weigh parameters by the complete trials of a study; arguments and errors are those of fANOVA.

        Returns
        -------
        importances
            By name, the largest first: they sum to 1, or are all 0 where the target is the same everywhere.
        """
        evidence = Evidence.of(study, target)
        evidence.one_target()
        space, rows = evidence.together(params)
        if not space or len(rows) < 2:
            return dict.fromkeys(space, 0.0)
        table = self._learned(evidence, space, rows)
        found: FloatArray = np.bincount(table.owner, weights=self._forest.impurity_decreases).astype(np.float64)
        return by_importance(table.named(found))
