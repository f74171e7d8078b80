"""Trials."""

from parzen.engine.records import BaseTrial, FixedTrial, FrozenTrial, TrialState, create_trial
from parzen.engine.study import Trial

__all__ = ["BaseTrial", "FixedTrial", "FrozenTrial", "Trial", "TrialState", "create_trial"]
