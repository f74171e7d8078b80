"""Samplers choose the parameters of new trials. One algorithm a file or folder, loaded when it is first used."""

from typing import TYPE_CHECKING

from ..engine.lazily import lazily
from .base import BaseSampler, Sampler
from .random import RandomSampler

if TYPE_CHECKING:
    from . import nsgaii
    from .auto import AutoSampler
    from .brute_force import BruteForceSampler
    from .cmaes import CmaEsSampler
    from .dehb import DEHBSampler
    from .genetic import BaseGASampler
    from .gp import GPSampler
    from .grid import GridSampler
    from .nsgaii.sampler import NSGAIISampler
    from .nsgaiii import NSGAIIISampler
    from .partial_fixed import PartialFixedSampler
    from .qmc import QMCSampler
    from .sms_emoa import SMSEMOASampler
    from .tpe import TPESampler
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            ".auto": ["AutoSampler"],
            ".brute_force": ["BruteForceSampler"],
            ".cmaes": ["CmaEsSampler"],
            ".dehb": ["DEHBSampler"],
            ".genetic": ["BaseGASampler"],
            ".gp": ["GPSampler"],
            ".grid": ["GridSampler"],
            ".nsgaii": [],
            ".nsgaii.sampler": ["NSGAIISampler"],
            ".nsgaiii": ["NSGAIIISampler"],
            ".partial_fixed": ["PartialFixedSampler"],
            ".qmc": ["QMCSampler"],
            ".sms_emoa": ["SMSEMOASampler"],
            ".tpe": ["TPESampler"],
        },
    )

__all__ = [
    "AutoSampler",
    "BaseGASampler",
    "BaseSampler",
    "BruteForceSampler",
    "CmaEsSampler",
    "DEHBSampler",
    "GPSampler",
    "GridSampler",
    "NSGAIIISampler",
    "NSGAIISampler",
    "PartialFixedSampler",
    "QMCSampler",
    "RandomSampler",
    "SMSEMOASampler",
    "Sampler",
    "TPESampler",
    "nsgaii",
]
