"""Samplers choose the parameters of new trials. One algorithm a file or folder, loaded when it is first used."""

from typing import TYPE_CHECKING

from ..engine.lazily import lazily
from .base import BaseSampler, Sampler
from .random import RandomSampler

if TYPE_CHECKING:
    from . import nsgaii
    from .auto import AutoSampler
    from .cmaes import CmaEsSampler
    from .dehb import DEHBSampler
    from .genetic import BaseGASampler
    from .gp import GPSampler
    from .nsgaii.sampler import NSGAIISampler
    from .nsgaiii import NSGAIIISampler
    from .sms_emoa import SMSEMOASampler
    from .tpe import TPESampler
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            ".auto": ["AutoSampler"],
            ".cmaes": ["CmaEsSampler"],
            ".dehb": ["DEHBSampler"],
            ".genetic": ["BaseGASampler"],
            ".gp": ["GPSampler"],
            ".nsgaii": [],
            ".nsgaii.sampler": ["NSGAIISampler"],
            ".nsgaiii": ["NSGAIIISampler"],
            ".sms_emoa": ["SMSEMOASampler"],
            ".tpe": ["TPESampler"],
        },
    )

__all__ = [
    "AutoSampler",
    "BaseGASampler",
    "BaseSampler",
    "CmaEsSampler",
    "DEHBSampler",
    "GPSampler",
    "NSGAIIISampler",
    "NSGAIISampler",
    "RandomSampler",
    "SMSEMOASampler",
    "Sampler",
    "TPESampler",
    "nsgaii",
]
