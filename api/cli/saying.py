"""The sub-commands that say what a study was, and what a budget is good for."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from parzen.cli.declare import root, study_name, subcommand
from parzen.cli.session import Session

_FORMATS = click.Choice(("text", "json", "yaml"))
_format = click.option("-f", "--format", type=_FORMATS, default="text", show_default=True, help="Output format.")


@subcommand(root, "describe")
@study_name()
@_format
def describe(session: Session, study_name: str | None, format: str) -> None:
    """Say how a study was run: sampler, pruner, search space, trials, versions, commit and command line."""
    import parzen

    found = parzen.describe(session.load_study(study_name))
    click.echo("\n".join(_lines(found)) if format == "text" else _written(found, format))


@subcommand(root, "plan")
@click.option("--gpu-hours", type=float, required=True, help="The budget in hours, of all workers together.")
@click.option("--trial-hours", type=float, required=True, help="Hours of one full training.")
@click.option("--search-space-size", type=float, default=math.inf, help="Number of configurations; infinite if absent.")
@click.option("--workers", type=int, default=1, show_default=True, help="Trials at a time.")
@click.option("--steps", type=int, help="Steps of a full training, if it reports them and so can be pruned.")
@_format
def plan(
    session: Session,
    gpu_hours: float,
    trial_hours: float,
    search_space_size: float,
    workers: int,
    steps: int | None,
    format: str,
) -> None:
    """Plan a budget: how many trials, by which sampler, with which pruner. It needs no storage."""
    from parzen.planning import plan_optimization

    found = plan_optimization(gpu_hours, trial_hours, search_space_size, workers, steps)
    click.echo(str(found) if format == "text" else _written(dict(found), format))


def _written(found: dict[str, Any], format: str) -> str:
    if format == "json":
        return json.dumps(found, indent=2)
    import yaml

    text: str = yaml.safe_dump(found, sort_keys=False, allow_unicode=True)
    return text.rstrip("\n")


def _lines(value: Any, indent: str = "") -> list[str]:
    """Write a mapping as lines, those of a mapping within it further to the right; what is None is left out."""
    found = []
    for key, item in value.items():
        name = json.dumps(key, ensure_ascii=False)[1:-1]  # on one line, whatever it holds
        if isinstance(item, dict):
            found += [f"{indent}{name}:", *_lines(item, indent + "  ")]
        elif item is not None:
            text = item if isinstance(item, str) and item.isprintable() else json.dumps(item, ensure_ascii=False)
            found.append(f"{indent}{name}: {text}")
    return found
