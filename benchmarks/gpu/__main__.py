"""256 networks at once: how long does the device wait for sampler and store, and how soon is a target reached?

Each library asks for so many points at once, all of them are trained stacked, and it is told their losses. A network
is stopped after an epoch in which its loss lies above the median of all that came so far, and leaves the stack. That
rule is the loop's, and the same for all; what differs is the sampler and the store. The device waits from the end of
the last kernel of a round until the first one of the next, by the device's own events where it is a GPU.

    pip install ".[bench,torch]"
    python -m parzen.benchmarks.gpu --small
    python -m parzen.benchmarks.gpu --trials 20000 --at-once 1 16 256 --out gpu.jsonl
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path
from typing import Any

from parzen.benchmarks import environment
from parzen.benchmarks.gpu.drivers import DRIVERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", nargs="+", default=["parzen", "parzen-tpe", "optuna", "rustuna"], choices=DRIVERS)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=900.0, help="after which a run ends (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--storage", choices=["memory", "sqlite"], default="memory")
    parser.add_argument("--device", help="such as cuda:0 (default: a GPU where there is one)")
    parser.add_argument("--out", type=Path, help="a file of JSON lines to which runs are added")
    parser.add_argument("--small", action="store_true", help="600 trials, 60 s a run: some minutes on a CPU")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.trials, arguments.seconds = min(arguments.trials, 600), min(arguments.seconds, 60.0)
    try:
        import torch

        from parzen.benchmarks.gpu.loop import TARGETS, run
        from parzen.benchmarks.gpu.stacked import SPACE
    except ImportError as error:
        raise SystemExit(f'torch is needed to train: pip install "parzen[torch]" ({error})') from error
    device = torch.device(arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"On {name}, {torch.get_num_threads()} threads, store in {arguments.storage}")
    head = "".join(f"{f'to {target}, s':>12}" for target in TARGETS)
    print(
        f"{'at once':>7} {'seed':>4} {'driver':13}{'trials':>7}{'wall, s':>9}{'waits, %':>9}{'an hour':>9}{'best':>8}"
        + head
    )
    for at_once in arguments.at_once:
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            for driver in arguments.drivers:
                with tempfile.TemporaryDirectory() as folder:
                    place = Path(folder) if arguments.storage == "sqlite" else None
                    made = DRIVERS[driver](SPACE, seed, place)
                    found = run(made, at_once, arguments.trials, arguments.seconds, 1000 * seed, device)
                print(row(at_once, seed, driver, found, TARGETS), flush=True)
                if arguments.out:
                    line = {
                        "at_once": at_once, "seed": seed, "driver": driver, "device": name,
                        "storage": arguments.storage, "environment": environment.here(), **found,
                    }  # fmt: skip
                    with arguments.out.open("a") as file:
                        file.write(json.dumps(line) + "\n")


def row(at_once: int, seed: int, driver: str, found: dict[str, Any], targets: tuple[float, ...]) -> str:
    """Write a run as a line of the table."""
    times = "".join(f"{found['reached'].get(str(target), math.nan):12.1f}" for target in targets).replace("nan", "  -")
    return (
        f"{at_once:7} {seed:4} {driver:13}{found['n']:7}{found['wall']:9.1f}{100 * found['share']:9.1f}"
        f"{found['per_hour']:9.0f}{found['best']:8.3f}{times}"
    )


if __name__ == "__main__":
    main()
