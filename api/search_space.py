"""Search spaces inferred from trials."""

from parzen.engine.history import IntersectionSearchSpace, intersection_search_space

__all__ = ["IntersectionSearchSpace", "intersection_search_space"]
