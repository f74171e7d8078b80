"""Pruners: one algorithm a file."""

from .base import BasePruner
from .nop import NopPruner
from .percentile import MedianPruner, PercentilePruner

__all__ = ["BasePruner", "MedianPruner", "NopPruner", "PercentilePruner"]
