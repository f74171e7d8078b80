"""Ray Tune with parzen: `ParzenSearch` proposes configurations, `ParzenScheduler` stops and pauses trials.

Each works without the other. Together they keep one study, so that the rungs outlive the driver.
"""

try:
    import ray.tune as _tune  # noqa: F401 - so that its absence is told here
except ImportError as error:
    raise ImportError('parzen.integration.ray needs Ray Tune: pip install "parzen[ray]".') from error

from .scheduler import ParzenScheduler
from .search import ParzenSearch

__all__ = ["ParzenScheduler", "ParzenSearch"]
