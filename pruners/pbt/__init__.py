"""Population based training: the pruner, and how the parameters of a new member are explored."""

from .bandit import TimeVaryingBandit
from .explore import Explorer, Member, Perturb
from .pruner import PBTPruner

__all__ = ["Explorer", "Member", "PBTPruner", "Perturb", "TimeVaryingBandit"]
