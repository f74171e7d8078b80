"""Samplers: one algorithm a file."""

from .base import BaseSampler, Sampler
from .random import RandomSampler
from .tpe import TPESampler

__all__ = ["BaseSampler", "RandomSampler", "Sampler", "TPESampler"]
