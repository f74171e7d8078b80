"""`History`: the trials of one study as growing NumPy columns, which samplers and pruners read."""

from .batches import Alike, finish_together, open_alike
from .columns import Growing, Sorted
from .corrections import erased, rebuilt, with_values
from .filling import StoredTrials, fill
from .front import Front
from .history import History
from .intersection import IntersectionSearchSpace, intersection_search_space
from .points import Dimensions
from .protocols import StudyLike
from .remembered import Remembered
from .rungs import COMPLETED_RUNG, RUNGS_BEHIND, Completion
from .selection import BracketStudy, Selection
from .viewing import history_of

__all__ = [
    "COMPLETED_RUNG",
    "RUNGS_BEHIND",
    "Alike",
    "BracketStudy",
    "Completion",
    "Dimensions",
    "Front",
    "Growing",
    "History",
    "IntersectionSearchSpace",
    "Remembered",
    "Selection",
    "Sorted",
    "StoredTrials",
    "StudyLike",
    "erased",
    "fill",
    "finish_together",
    "history_of",
    "intersection_search_space",
    "open_alike",
    "rebuilt",
    "with_values",
]
