"""Trials."""

from parzen.engine.fixed import FixedTrial
from parzen.engine.frozen import BaseTrial, FrozenTrial, create_trial
from parzen.engine.records import TrialState
from parzen.engine.trial import Trial

__all__ = ["BaseTrial", "FixedTrial", "FrozenTrial", "Trial", "TrialState", "create_trial"]
