"""Race population based training against other ways to spend the same epochs, and report.

python -m parzen.benchmarks.populations.race run --seeds 20       # appends to populations.jsonl what is not there yet
python -m parzen.benchmarks.populations.race run --contenders ray --seeds 5
python -m parzen.benchmarks.populations.race report               # a table, and populations.png
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import suppress
from pathlib import Path

import parzen
from parzen.benchmarks.populations import report
from parzen.benchmarks.populations.contenders import CONTENDERS, EPOCHS, SIZE, Ledger, Spent
from parzen.benchmarks.populations.trainings import TRAININGS


def play(name: str, training: str, seed: int) -> dict[str, object]:
    """Let a contender spend its epochs, and give what came of it."""
    ledger = Ledger(TRAININGS[training](), SIZE * EPOCHS)
    start = time.perf_counter()
    if name == "ray":
        from parzen.benchmarks.populations.ray_pbt import play_ray

        play_ray(ledger, training, seed)
    else:
        with suppress(Spent):
            CONTENDERS[name](ledger, seed)
    seconds = time.perf_counter() - start
    return {"contender": name, "training": training, "seed": seed, "seconds": seconds, "curve": ledger.curve}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("run", "report"))
    parser.add_argument("--runs", type=Path, nargs="+", default=[Path("populations.jsonl")])
    parser.add_argument("--contenders", nargs="+", choices=(*CONTENDERS, "ray"), default=list(CONTENDERS))
    parser.add_argument("--trainings", nargs="+", choices=tuple(TRAININGS), default=list(TRAININGS))
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    if options.command == "report":
        report.write(options.runs)
        return
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    done = {(run["contender"], run["training"], run["seed"]) for run in report.read(options.runs)}
    for seed in range(options.seeds):
        for training in options.trainings:
            for name in options.contenders:
                if (name, training, seed) not in done:
                    run = play(name, training, seed)
                    with options.runs[0].open("a") as file:
                        file.write(json.dumps(run) + "\n")
                    print(f"{training} {name} {seed}: {run['curve'][-1][1:]} in {run['seconds']:.1f} s", flush=True)  # type: ignore[index]


if __name__ == "__main__":
    main()
