"""The tree-structured Parzen estimator, the default sampler. Read `sampler` first; each of `rules` can be replaced.

What calls what when points are asked for, with the module of each::

    TPESampler.sample                   sampler
        Fitter.fit                      fitting
            Spaces.observe              spaces: coordinates of trials, model_space, observations    evidence
            Ranking.split -> Split      fidelity_ranking, value_ranking, pareto_ranking             evidence
            Coreset.choose              coreset                                                     evidence
            Estimator.fit -> Mixture    estimator, for the trials below and above, constraints      model
        TPESampler.propose, rank        sampler, or children by recombination                       choice
        untried, best_distinct, climb   choice, local_search                                        choice

`evidence` tells the rankings what was seen of trials that were stopped early, which `fidelity` turns into an order;
`settings` holds the rules. The numbers are computed in `engine.kernels`: `mixture`, `hill_climb`, `constant_liar`.
"""

from .sampler import TPESampler

__all__ = ["TPESampler"]
