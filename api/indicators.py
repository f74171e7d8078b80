"""Quality of Pareto fronts: hypervolume, distances to a known front, and the additive epsilon indicator."""

from parzen.analysis.indicators import additive_epsilon, hypervolume, hypervolume_contributions, igd, igd_plus

__all__ = ["additive_epsilon", "hypervolume", "hypervolume_contributions", "igd", "igd_plus"]
