"""Samplers: one algorithm a file."""

from .base import BaseSampler, Sampler
from .dehb import DEHBSampler
from .random import RandomSampler
from .tpe import TPESampler

__all__ = ["BaseSampler", "DEHBSampler", "RandomSampler", "Sampler", "TPESampler"]
