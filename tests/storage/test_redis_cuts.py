"""A journal in Redis whose answers are lost: each entry is there once, and nobody notices."""

from __future__ import annotations

import uuid

import pytest
from middleman import Middleman

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalRedisBackend
from parzen.trial import TrialState

pytestmark = pytest.mark.slow


def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice() -> None:
    pytest.importorskip("redis")
    with Middleman("127.0.0.1", 6379) as between:
        url, prefix = f"redis://127.0.0.1:{between.port}", f"parzen-test-{uuid.uuid4()}"
        study = parzen.create_study(
            storage=JournalStorage(JournalRedisBackend(url, prefix=prefix)), sampler=RandomSampler()
        )

        def objective(trial: parzen.Trial) -> float:
            between.cut()
            x = trial.suggest_float("x", 0, 1)
            between.cut()
            trial.report(x, 0)
            between.lose_answers_to(b"EVAL")  # what follows is carried out, and the answer is lost
            return x

        study.optimize(objective, n_trials=15)
        found = parzen.load_study(
            study_name=study.study_name, storage=JournalStorage(JournalRedisBackend(url, prefix=prefix))
        )
        assert [trial.number for trial in found.trials] == list(range(15))
        assert {trial.state for trial in found.trials} == {TrialState.COMPLETE}
        backend = study._storage._backend
        entries = list(backend.read_logs(0))
        assert len(entries) == len({str(entry) for entry in entries if entry["op_code"] != 4}) + 15  # 4: a new trial
        keys = list(backend._redis.scan_iter(f"{prefix}:*"))
        backend._redis.delete(*keys)
