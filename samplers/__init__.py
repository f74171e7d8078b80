"""Samplers: one algorithm a file."""

from . import nsgaii
from .base import BaseSampler, Sampler
from .dehb import DEHBSampler
from .genetic import BaseGASampler
from .nsgaii.sampler import NSGAIISampler
from .nsgaiii import NSGAIIISampler
from .random import RandomSampler
from .sms_emoa import SMSEMOASampler
from .tpe import TPESampler

__all__ = [
    "BaseGASampler",
    "BaseSampler",
    "DEHBSampler",
    "NSGAIIISampler",
    "NSGAIISampler",
    "RandomSampler",
    "SMSEMOASampler",
    "Sampler",
    "TPESampler",
    "nsgaii",
]
