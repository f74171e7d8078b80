"""Executors for `Study.optimize`: a pool of processes that outlives its workers, and Ray's workers."""

from typing import TYPE_CHECKING

from ...engine.lazily import lazily

if TYPE_CHECKING:
    from ...engine.study.processes import ProcessPool
    from .ray import RayExecutor
else:
    __getattr__, __dir__ = lazily(__name__, {"...engine.study.processes": ["ProcessPool"], ".ray": ["RayExecutor"]})

__all__ = ["ProcessPool", "RayExecutor"]
