"""What does a trial cost beside the objective: ask, ten suggestions, tell?

In memory, `RandomSampler`, ten float parameters, parzen and Optuna in turn in one process, at several numbers of trials
already in the study. Prints microseconds per trial (median over repeats) and the ratio.

    pip install ".[bench]"
    python benchmarks/overhead.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

NAMES = [f"x{i}" for i in range(10)]


def microseconds(study: Any, n_trials: int) -> float:
    """Run trials and give the time of one."""
    start = time.perf_counter()
    for _ in range(n_trials):
        trial = study.ask()
        for name in NAMES:
            trial.suggest_float(name, -5.0, 5.0)
        study.tell(trial, 1.0)
    return (time.perf_counter() - start) / n_trials * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 1000, 10_000], help="trials already in the study")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    import parzen

    try:
        import optuna
    except ImportError as error:
        raise SystemExit('Optuna is needed to compare with: pip install "parzen[bench]"') from error
    studies = {}
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.WARNING)
        studies[library.__name__] = library.create_study(sampler=library.samplers.RandomSampler(seed=0))
    print(f"{'trials before':>14}{'parzen us':>12}{'optuna us':>12}{'ratio':>8}")
    for size in arguments.sizes:
        times: dict[str, list[float]] = {name: [] for name in studies}
        for study in studies.values():
            microseconds(study, max(size - len(study.get_trials(deepcopy=False)), 1))
        for _ in range(arguments.repeats):
            for name, study in studies.items():
                times[name].append(microseconds(study, 200))
        ours, theirs = (statistics.median(found) for found in times.values())
        print(f"{size:14,}{ours:12.1f}{theirs:12.1f}{theirs / ours:8.1f}")


if __name__ == "__main__":
    main()
