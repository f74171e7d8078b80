"""What is made ready, before any trial starts, for objectives in other processes: the job, and a way to the study."""

from __future__ import annotations

import copy
import logging
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...storage import BaseStorage
from .. import pickling
from ..logging import get_verbosity
from .core import StudyCore
from .messages import Job, process_name

_GRACE = 1.0  # seconds for calls of workers that were given up


@contextmanager
def shipped(study: StudyCore, objective: Callable[..., Any]) -> Iterator[Job]:
    """Make the job of a call of `Study.optimize`; a study that no other process can open is served meanwhile.

    Raises
    ------
    TypeError
        If a part cannot be pickled.
    ImportError
        If the study is in this process's memory, and grpc is not installed.
    """
    data = _pickled("The objective", objective)
    with _reachable(study._storage) as storage:
        there = copy.copy(study)
        there._storage = storage
        for name, part in (("The sampler", study.sampler), ("The pruner", study.pruner), ("The storage", storage)):
            _pickled(name, part)
        yield Job(
            key=uuid.uuid4().hex,
            objective=data,
            study=_pickled("The study", there),
            caller=process_name(),
            verbosity=get_verbosity(),
            level=logging.root.getEffectiveLevel(),
        )


def _pickled(name: str, part: Any) -> bytes:
    try:
        return pickling.by_value(part)
    except Exception as error:
        raise TypeError(
            f"{name} must be picklable to go to other processes, but {part!r} is not: {error}. Define functions and "
            "classes at the top of a module or install cloudpickle, and open files, locks and connections inside the "
            "objective; or run it in threads, by `n_jobs` without an executor."
        ) from error


@contextmanager
def _reachable(storage: BaseStorage) -> Iterator[BaseStorage]:
    """Give a storage that other processes of this machine can open: itself, or a proxy of one in memory."""
    if not storage.is_of_one_process:
        yield storage
        return
    from concurrent.futures import ThreadPoolExecutor

    from ...storage.proxy import GrpcStorageProxy
    from ...storage.proxy.server import make_server

    token = secrets.token_hex()
    with ThreadPoolExecutor(thread_name_prefix="parzen-proxy") as threads:
        try:
            server, port = make_server(storage, port=0, token=token, thread_pool=threads)
        except ImportError as error:
            raise ImportError(
                "A study in memory is served to other processes by gRPC: pip install "
                '"parzen[executors]". A study in a file, storage="sqlite:///study.db", needs no server.'
            ) from error
        server.start()
        try:
            yield GrpcStorageProxy(port=port, token=token)
        finally:
            server.stop(_GRACE).wait()
