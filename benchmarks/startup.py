"""How long does a short script take as a whole process, beside Optuna's?

Times `import` alone, and a script of 100 default-TPE trials of five parameters, each as a fresh Python process, parzen
and Optuna in turn. Prints medians in seconds and the ratio.

    pip install ".[bench]"
    python benchmarks/startup.py --repeats 7
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

IMPORT = "import {library}"
STUDY = """
import {library} as optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(lambda t: sum(t.suggest_float(f"x{{i}}", -5, 5) ** 2 for i in range(5)), n_trials=100)
"""


def seconds(script: str) -> float:
    """Run a script as a process of its own and give its wall time."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    print(f"{'process':24}{'parzen':>10}{'optuna':>10}{'ratio':>8}")
    for label, script in (("import", IMPORT), ("100 TPE trials of 5", STUDY)):
        times: dict[str, list[float]] = {"parzen": [], "optuna": []}
        for repeat in range(repeats + 1):
            for library, found in times.items():
                elapsed = seconds(script.format(library=library))
                if repeat:  # the first fills the disk's cache
                    found.append(elapsed)
        ours, theirs = (statistics.median(found) for found in times.values())
        print(f"{label:24}{ours:10.3f}{theirs:10.3f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
