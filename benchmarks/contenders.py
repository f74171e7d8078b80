"""Who races, one line each: a name, and a library's sampler, with a pruner where a problem is trained by steps.

Any sampler of parzen, Optuna and Rustuna races without a line as well, as ``optuna:GPSampler``, and so does one of
OptunaHub, as ``hub:samplers/NAME``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parzen.benchmarks import hub, players
from parzen.benchmarks.environment import code_of_entry
from parzen.benchmarks.players import Named, Player
from parzen.benchmarks.problem import Problem, near
from parzen.samplers import nsgaii

STUDIES = ("parzen", "optuna", "rustuna")
UNBUNDLED = ("smac",)  # in no extra, since it compiles: its forest needs swig


@dataclass(frozen=True)
class Contender:
    """Somebody who races.

    Attributes
    ----------
    name
        What it is called.
    play
        Spends the budget of a race.
    needs
        Modules that must be installed.
    kinds
        Kinds of problems that it plays, see `Problem.kind`.
    boxes_only
        Whether it knows floats alone.
    default
        Whether it races unless others are named.
    """

    name: str
    play: Player
    needs: tuple[str, ...]
    kinds: tuple[str, ...] = ("value", "front", "fidelity")
    boxes_only: bool = False
    default: tuple[str, ...] = ()

    def missing(self) -> str | None:
        """Say what must be installed, None if nothing."""
        lost = [module for module in self.needs if importlib.util.find_spec(module) is None]
        if not lost:
            return None
        extras = sorted({"torch" if module == "torch" else "bench" for module in lost if module not in UNBUNDLED})
        wanted = [*sorted(set(lost) & set(UNBUNDLED)), *([f'"parzen[{",".join(extras)}]"'] if extras else [])]
        return f"{self.name} needs {', '.join(lost)}: pip install {' '.join(wanted)}"

    def refuses(self, problem: Problem) -> str | None:
        """Say why it does not play a problem, None if it does."""
        if problem.kind not in self.kinds:
            return f"{self.name} does not play problems of the kind {problem.kind!r}"
        if problem.conditions and self.needs[0] not in STUDIES:
            return f"{self.name} does not know conditional parameters"
        if self.boxes_only and not players.is_box(problem):
            return f"{self.name} knows floats alone"
        return None


def study(
    name: str,
    library: str,
    sampler: str | Callable[[], Callable[..., Any]],
    *needs: str,
    default: str = "",
    kinds: str = "value front fidelity",
    home: str | None = None,
    **arguments: Any,
) -> Contender:
    """Enter a sampler of a library that has Optuna's names, in a study of its own or of another library."""
    made = players.study(library, sampler, arguments, home=home)
    known = [kind for kind in kinds.split() if library != "rustuna" or kind != "fidelity"]  # it has no pruners
    return Contender(name, made, (library, *needs), tuple(known), default=tuple(default.split()))


def pruned(name: str, library: str, sampler: Named, pruner: str, **arguments: Any) -> Contender:
    """Enter a sampler with a pruner, on problems that are trained by steps."""
    made = players.study(library, *sampler, (pruner, arguments))
    return Contender(name, made, (library,), ("fidelity",), default=("fidelity",))


def cmaes(name: str, optimizer: str, **arguments: Any) -> Contender:
    """Enter a class of the package cmaes."""
    play: Callable[..., None] = functools.partial(players.cmaes, optimizer=optimizer, **arguments)
    return Contender(name, play, ("cmaes",), ("value",), boxes_only=True)


def pymoo(name: str, algorithm: str, kind: str, default: str = "", **arguments: Any) -> Contender:
    """Enter an algorithm of pymoo's."""
    play: Callable[..., None] = functools.partial(players.pymoo, algorithm=algorithm, **arguments)
    return Contender(name, play, ("pymoo",), (kind,), default=tuple(default.split()))


def largest_budget(evidence: Any, d: int) -> Any:
    """Apply BOHB's rule: model the largest budget with enough observations."""
    from parzen.samplers.tpe import fidelity

    return fidelity.largest_budget(evidence, d)


TPE: Named = ("TPESampler", {})
AUTO: Named = ("AutoSampler", {})
BOHB: Named = ("TPESampler", {"fidelity": largest_budget})
RUNGS = {"min_resource": 1, "max_resource": 81, "reduction_factor": 3}
HALVING = {"min_resource": 1, "reduction_factor": 3}
PATIENT = {**RUNGS, "bootstrap_count": 3}  # so many trials stop at a rung before one goes on

NEAR, SBX, BLX = nsgaii.PolynomialMutation(), nsgaii.SBXCrossover(), nsgaii.BLXAlphaCrossover()

_CONTENDERS = [
    study("parzen", "parzen", "AutoSampler", default="value front fidelity"),
    study("parzen-tpe", "parzen", "TPESampler"),
    study("optuna", "optuna", "TPESampler", default="value front fidelity"),
    study("optuna-univariate", "optuna", "TPESampler", multivariate=False),
    study("random", "optuna", "RandomSampler", default="value"),
    study("rustuna", "rustuna", "TPESampler"),
    study("parzen-gp", "parzen", "GPSampler", kinds="value"),
    study("parzen-cmaes", "parzen", "CmaEsSampler", kinds="value", with_margin=True),
    study("parzen-cmaes-ipop", "parzen", "CmaEsSampler", kinds="value", with_margin=True, restart_strategy="ipop"),
    study("parzen-without-cmaes", "parzen", "AutoSampler", kinds="value", share=0.8),
    study("parzen-in-optuna", "parzen", "AutoSampler", "optuna", home="optuna", kinds="value front"),
    study("optuna-in-parzen", "optuna", "TPESampler", home="parzen", kinds="value front"),
    study("parzen-random", "parzen", "RandomSampler"),
    study("parzen-qmc", "parzen", "QMCSampler", kinds="value", scramble=True),
    study("parzen-nsgaii", "parzen", "NSGAIISampler", default="front"),
    study("parzen-nsgaii-uniform", "parzen", "NSGAIISampler", kinds="front", mutation=nsgaii.UniformMutation()),
    study("parzen-nsgaii-near", "parzen", "NSGAIISampler", kinds="front", mutation=NEAR),
    study("parzen-nsgaii-sbx", "parzen", "NSGAIISampler", kinds="front", crossover=SBX, mutation=NEAR),
    study("parzen-nsgaii-blx", "parzen", "NSGAIISampler", kinds="front", crossover=BLX, mutation=NEAR),
    study("parzen-nsgaiii", "parzen", "NSGAIIISampler", kinds="front"),
    study("parzen-sms-emoa", "parzen", "SMSEMOASampler", default="front", kinds="front"),
    study("optuna-nsgaii", "optuna", "NSGAIISampler", default="front"),
    study("optuna-nsgaiii", "optuna", "NSGAIIISampler", kinds="front"),
    study("optuna-cmaes", "optuna", "CmaEsSampler", "cmaes", kinds="value"),
    study("optuna-gp", "optuna", "GPSampler", "torch", kinds="value front"),
    study("optuna-qmc", "optuna", "QMCSampler", kinds="value"),
    study("rustuna-cmaes", "rustuna", "CmaEsSampler", kinds="value"),
    study("rustuna-nsgaii", "rustuna", "NSGAIISampler"),
    Contender("smac", players.smac, ("smac",), ("value",)),
    cmaes("cmaes", "CMA"),
    cmaes("cmaes-separable", "SepCMA"),
    pymoo("pymoo-nsgaii", "moo.nsga2.NSGA2", "front", default="front", pop_size=100),
    pymoo("pymoo-nsgaii-50", "moo.nsga2.NSGA2", "front", pop_size=50),
    pymoo("pymoo-de", "soo.nonconvex.de.DE", "value"),
    pruned("optuna-hyperband", "optuna", TPE, "HyperbandPruner", **RUNGS),
    pruned("optuna-hyperband-bootstrap", "optuna", TPE, "HyperbandPruner", **PATIENT),
    pruned("optuna-halving", "optuna", TPE, "SuccessiveHalvingPruner", **HALVING),
    pruned("optuna-median", "optuna", TPE, "MedianPruner"),
    pruned("parzen-median", "parzen", AUTO, "MedianPruner"),
    pruned("parzen-tpe-median", "parzen", TPE, "MedianPruner"),
    pruned("parzen-auto-asha", "parzen", AUTO, "ASHAPruner", **RUNGS),
    pruned("parzen-hyperband", "parzen", TPE, "HyperbandPruner", **RUNGS),
    pruned("parzen-hyperband-bohb", "parzen", BOHB, "HyperbandPruner", **PATIENT),
    pruned("parzen-halving", "parzen", TPE, "SuccessiveHalvingPruner", **HALVING),
    pruned("parzen-asha", "parzen", TPE, "ASHAPruner", **RUNGS),
    pruned("parzen-asha-bohb", "parzen", BOHB, "ASHAPruner", **RUNGS),
    pruned("parzen-sync-hyperband", "parzen", TPE, "SyncHyperbandPruner", **RUNGS),
    pruned("parzen-sync-bohb", "parzen", BOHB, "SyncHyperbandPruner", **RUNGS),
    pruned("parzen-pasha", "parzen", TPE, "PASHAPruner", **RUNGS),
    pruned("parzen-dehb", "parzen", ("DEHBSampler", RUNGS), "BudgetPruner", **RUNGS),
    pruned("parzen-random-asha", "parzen", ("RandomSampler", {}), "ASHAPruner", **RUNGS),
]
CONTENDERS = {contender.name: contender for contender in _CONTENDERS}


def find(name: str) -> Contender:
    """Find a contender by its name, or make one of ``library:Sampler`` or ``hub:samplers/NAME``.

    Raises
    ------
    LookupError
        If there is nobody of that name.
    """
    library, _, sampler = name.partition(":")
    if sampler and library in STUDIES:
        known = _samplers(library)
        if known and sampler not in known:
            raise LookupError(
                f"Expected a sampler of {library}, but got {sampler!r}.{near(sampler, known)} There are "
                f"{', '.join(known)}."
            )
        return study(name, library, sampler)
    if sampler and library == hub.PREFIX:
        return study(name, "optuna", functools.partial(hub.sampler, sampler), "optunahub", kinds="value front")
    if name not in CONTENDERS:
        raise LookupError(
            f"Expected a contender, or library:Sampler as in optuna:GPSampler, but got {name!r}."
            f"{near(name, CONTENDERS)} See --list."
        )
    return CONTENDERS[name]


@functools.cache
def _samplers(library: str) -> list[str]:
    """List the samplers that a library offers, none if it is not installed."""
    if importlib.util.find_spec(library) is None:
        return []
    names = dir(importlib.import_module(library).samplers)
    return [name for name in names if name.endswith("Sampler") and not name.startswith("Base") and name != "Sampler"]


@functools.cache
def code(name: str) -> str:
    """Give a digest of the line of a contender, and of what all lines share: its runs depend on them."""
    return code_of_entry(Path(__file__).read_text(), "_CONTENDERS", name)
