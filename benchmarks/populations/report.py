"""What the races came to: a table in Markdown, and a picture of losses against epochs and of schedules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parzen.benchmarks import stats
from parzen.benchmarks.drawing import styles_of
from parzen.benchmarks.populations.contenders import CONTENDERS, EPOCHS, SIZE, Ledger, Spent
from parzen.benchmarks.populations.trainings import TRAININGS

Curves = npt.NDArray[np.float64]
AGAINST = "asha"
N_SCHEDULES = 5


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read the runs."""
    return [json.loads(line) for path in paths if path.exists() for line in path.read_text().splitlines()]


def curves(runs: list[dict[str, Any]], training: str, contender: str, column: int) -> dict[int, Curves]:
    """Give the loss of the best network after each epoch drawn, shape (n_epochs,), by seed.

    Parameters
    ----------
    runs, training, contender
        Which runs.
    column
        1 for the validation loss, 2 for the test loss.
    """
    found = {}
    for run in runs:
        if (run["training"], run["contender"]) == (training, contender):
            curve = np.full(SIZE * EPOCHS, np.nan)
            for point in run["curve"]:
                curve[int(point[0]) - 1 :] = point[column]
            found[run["seed"]] = curve
    return found


def table(runs: list[dict[str, Any]], training: str) -> list[str]:
    """Give the lines of a table: losses at the end, and against one contender on the same seeds."""
    lines = [
        "| | seeds | validation loss | quartiles | test loss | " + f"seeds won against {AGAINST} (Wilcoxon's p) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    other = curves(runs, training, AGAINST, 2)
    for name in (*CONTENDERS, "ray"):
        losses = [{seed: c[-1] for seed, c in curves(runs, training, name, k).items()} for k in (1, 2)]
        if not losses[0]:
            continue
        validation, test = (np.array(list(column.values())) for column in losses)
        low, middle, high = np.quantile(validation, (0.25, 0.5, 0.75))
        line = f"| {name} | {len(test)} | {middle:.3f} | {low:.3f} - {high:.3f} | {np.median(test):.3f} |"
        pairs = np.array([(losses[1][seed], other[seed][-1]) for seed in losses[1] if seed in other])
        if name != AGAINST and len(pairs):
            p = stats.wilcoxon(*pairs.T)
            line += f" {np.count_nonzero(pairs[:, 0] < pairs[:, 1])} of {len(pairs)} ({p:.2g})"
        lines.append(f"{line} |")
    return lines


def schedules(training: str) -> list[list[Any]]:
    """Run a few populations, and give the lineages of their best members."""
    found = []
    for seed in range(N_SCHEDULES):
        ledger = Ledger(TRAININGS[training](), SIZE * EPOCHS)
        with suppress(Spent):
            CONTENDERS["pbt"](ledger, seed)
        found.append(ledger.study.lineage(ledger.study.best_trial))
    return found


def draw(runs: list[dict[str, Any]], path: Path) -> None:
    """Draw the median test loss against the epochs drawn, and learning rates of lineages."""
    import matplotlib.pyplot as plt

    shown = [name for name in (*CONTENDERS, "ray") if any(run["contender"] == name for run in runs)]
    styles = styles_of(shown)
    figure, axes = plt.subplots(2, len(TRAININGS), figsize=(5.2 * len(TRAININGS), 7.2), squeeze=False)
    for (above, below), training in zip(axes.T, TRAININGS, strict=True):
        for name in shown:
            these = curves(runs, training, name, 2)
            if these:
                median = np.nanmedian(np.array(list(these.values())), axis=0)
                style = {**styles[name], "marker": ""}
                above.plot(np.arange(1, len(median) + 1), median, label=f"{name} ({len(these)} seeds)", **style)
        final = [curves(runs, training, name, 2) for name in shown]
        ends = [np.median([c[-1] for c in these.values()]) for these in final if these]
        above.set(title=training, xlabel="epochs drawn", ylabel="median test loss", xscale="log", xlim=(30, None))
        above.set_ylim(min(ends) * 0.96, max(ends) * 1.6)
        above.legend(fontsize=7)
        for lineage in schedules(training):
            steps = [(s.start, s.params["lr"]) for s in lineage] + [(lineage[-1].stop, lineage[-1].params["lr"])]
            below.step(*zip(*steps, strict=True), where="post")
        below.set(xlabel="epoch", ylabel="learning rate", yscale="log", title="pbt: the best lineage of seeds 0 to 4")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def write(paths: Iterable[Path]) -> None:
    """Report on the runs: print the tables, and draw ``populations.png``."""
    runs = read(paths)
    for training in TRAININGS:
        print(f"\n{training}\n", *table(runs, training), sep="\n")
    draw(runs, Path("populations.png"))
