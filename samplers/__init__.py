"""Samplers: one algorithm a file."""

from . import nsgaii
from .base import BaseSampler, Sampler
from .dehb import DEHBSampler
from .genetic import BaseGASampler
from .nsgaii.sampler import NSGAIISampler
from .random import RandomSampler
from .tpe import TPESampler

__all__ = [
    "BaseGASampler",
    "BaseSampler",
    "DEHBSampler",
    "NSGAIISampler",
    "RandomSampler",
    "Sampler",
    "TPESampler",
    "nsgaii",
]
