"""Learning on problems whose best policy is known: cascades with prices, and plain bandits.

A cascade is one node with ten candidates. Each passes on a job independently with a fixed
chance and has a fixed price; they are tried until one passes. The best order is by chance per
price, and what a policy pays more than it on the same jobs is its *excess*. The chances are
even between .05 and .95 and the prices between .05 and .5, drawn anew for each problem. Either
the prices are declared, so that only the chances are to be learned, or they are seconds to be
learned as well, each run taking .5 to 1.5 times its price.

The plain bandit is the textbook's: ten arms with chances .05, .10, ..., .50, one pull a step.
It tests the beliefs alone, without workflow, prices or blocks of draws.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flexiflow import Sampler, candidate
from flexiflow.benchmarks.policies import Maker, chosen
from flexiflow.graph import Graph
from flexiflow.language import read
from flexiflow.options import whole
from flexiflow.posteriors import BetaBeliefs
from flexiflow.records import Attempt, Job, Outcome, Verdict
from flexiflow.samplers import JobState

Floats = NDArray[np.float64]

HORIZONS = (20, 500, 2_000)
_TEXT = """cascade(x)
value = any_of(models)(x)
assert good(value)
"""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Cascade:
    """One problem and its jobs.

    Attributes
    ----------
    chance, price
        Of each candidate, `(candidates,)`.
    passes
        Who would pass on each job, `(jobs, candidates)`.
    seconds
        What each run would take, `(jobs, candidates)`.
    seeds
        Of the jobs.
    """

    chance: Floats
    price: Floats
    passes: NDArray[np.bool_]
    seconds: Floats
    seeds: list[int]

    def paid(self, tried: Sequence[int]) -> float:
        """The price of trying these candidates."""
        return float(sum(self.price[k] for k in tried))

    def best(self) -> Floats:
        """What the best order pays for each job, `(jobs,)`."""
        order = np.argsort(-self.chance / self.price)
        passes = self.passes[:, order]
        reached: NDArray[np.bool_] = passes.cumsum(axis=1) - passes == 0
        return np.asarray(reached @ self.price[order])


def draw(jobs: int, seed: int, candidates: int = 10) -> Cascade:
    """A problem with its jobs."""
    rng = np.random.default_rng(seed)
    chance, price = rng.uniform(0.05, 0.95, candidates), rng.uniform(0.05, 0.5, candidates)
    passes = rng.random((jobs, candidates)) < chance
    seconds = price * rng.uniform(0.5, 1.5, (jobs, candidates))
    return Cascade(chance, price, passes, seconds, rng.integers(2**62, size=jobs).tolist())


def workflow(cascade: Cascade, declared: bool) -> Graph:
    """The workflow of a cascade, whose price is the declared cost or the seconds, as by default."""
    models = {
        f"c{k}": candidate(_stand_in, cost=float(price)) for k, price in enumerate(cascade.price)
    }
    text = _TEXT + "minimize(cost)\n" * declared
    return read(text, {"models": models, "good": bool})


def _stand_in(x: Any) -> Any:
    return x


def excess(sampler: Sampler, cascade: Cascade, declared: bool) -> Floats:
    """What a sampler that starts with nothing pays more than the best order, `(jobs,)`."""
    graph = workflow(cascade, declared)
    paid = np.empty(len(cascade.seeds))
    for job in range(len(paid)):
        tried = _try(sampler, JobState(graph, cascade.seeds[job]), cascade.passes[job])
        paid[job] = cascade.paid(tried)
        sampler.update([_outcome(graph, cascade, job, tried)])
    return paid - cascade.best()


def _try(sampler: Sampler, state: JobState, passes: NDArray[np.bool_]) -> list[int]:
    """Ask for candidates until one passes or none is left; those that were tried."""
    tried: list[int] = []
    while (decision := sampler.propose([state])[0]) is not None:
        (k,) = state.present = decision.configuration
        tried.append(k)
        if passes[k]:
            break
        state.known = [{*(state.known[0] if state.known else ()), (k,)}]
        state.exclude((0,), (k,))
        state.failures.append((0, (k,)))
    return tried


def _outcome(graph: Graph, cascade: Cascade, job: int, tried: Sequence[int]) -> Outcome:
    (node,), (check,) = graph.nodes, graph.assertions
    name, attempts, verdicts = str(job), [], []
    for step, k in enumerate(tried):
        passed, who = bool(cascade.passes[job, k]), node.candidates[k]
        attempts.append(Attempt(
            name, step, node.name, who.name, who.fingerprint, 0, (), step, 0, step, None, None,
            None, None, None, "pass" if passed else "soft failure", None, None,
            float(cascade.seconds[job, k]), who.options.cost, False, None,
        ))  # fmt: skip
        verdicts.append(Verdict(
            name, step, check.text, check.fingerprint, {node.name: who.fingerprint}, passed,
            None, 0.0, False,
        ))  # fmt: skip
    passed = bool(cascade.passes[job, tried[-1]])
    return Outcome(
        Job(
            name, graph.name, graph.digest, "run", job, 0.0, 0.0,
            "passed" if passed else "exhausted", passed, _NOTHING, _NOTHING, None,
            sum(a.seconds for a in attempts), sum(a.cost for a in attempts), len(tried),
            len(tried) - 1, 0, {node.name: node.candidates[tried[-1]].name}, None, None, None,
            None, True,
        ),
        tuple(attempts),
        tuple(verdicts),
    )  # fmt: skip


def measure(
    samplers: Mapping[str, Maker],
    horizons: Sequence[int] = HORIZONS,
    problems: int = 5,
    seed: int = 0,
) -> pl.DataFrame:
    """Excess over the best order, summed up to some jobs; all samplers meet the same jobs.

    Parameters
    ----------
    samplers
        Name -> maker of a sampler that has learned nothing.
    horizons
        After how many jobs to look.
    problems
        Over how many problems to take the mean.

    Returns
    -------
    One row a kind of price, sampler and horizon: `prices` ("declared" or "learned"),
    `sampler`, `jobs`, `excess` (mean over the problems), `error` (its standard error; null for
    a single problem).
    """
    drawn = [draw(max(horizons), seed + k) for k in range(problems)]
    rows = []
    for prices in ("declared", "learned"):
        for name, make in samplers.items():
            sums = [excess(make(), c, prices == "declared").cumsum() for c in drawn]
            for jobs in sorted(horizons):
                at = np.array([s[jobs - 1] for s in sums])
                rows.append({"prices": prices, "sampler": name, "jobs": jobs, **_mean(at)})
    return pl.DataFrame(rows, schema_overrides={"error": pl.Float64})


def _mean(values: Floats) -> dict[str, float | None]:
    spread = None if len(values) < 2 else float(values.std(ddof=1) / len(values) ** 0.5)
    return {"excess": float(values.mean()), "error": spread}


def regret(steps: int = 20_000, runs: int = 32, seed: int = 0) -> pl.DataFrame:
    """Regret of Thompson sampling with the shipped Betas on the plain bandit.

    Returns
    -------
    One row a prior: `prior` ("pooled" over the arms, as the samplers have it, or "own":
    Beta(1, 1) for each arm), `steps`, `runs`, `regret` (expected pulls lost, mean over the
    runs), `error` (its standard error; null for a single run).
    """
    rows = []
    for prior in ("pooled", "own"):
        lost = _bandit(np.linspace(0.05, 0.5, 10), steps, runs, prior == "pooled", seed)
        figures = _mean(lost)
        rows.append({"prior": prior, "steps": steps, "runs": runs,
                     "regret": figures["excess"], "error": figures["error"]})  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"error": pl.Float64})


def _bandit(chance: Floats, steps: int, runs: int, pooled: bool, seed: int) -> Floats:
    """Regret of each run, `(runs,)`; the runs are groups of rows in one table of beliefs."""
    rng = np.random.default_rng(seed)
    arms = len(chance)
    beliefs = BetaBeliefs()
    keys = [
        (str(run), str(arm)) if pooled else (str(run), str(arm), "")
        for run in range(runs)
        for arm in range(arms)
    ]
    rows = beliefs.table.rows(keys)
    lost, first = np.zeros(runs), arms * np.arange(runs)
    for _ in range(steps):
        pulled = beliefs.sample(rows, 1, rng).reshape(runs, arms).argmax(axis=1)
        passed = rng.random(runs) < chance[pulled]
        beliefs.table.sums[rows[first + pulled], np.where(passed, 0, 1)] += 1.0
        lost += chance.max() - chance[pulled]
    return lost


def shown(table: pl.DataFrame) -> str:
    """A table of :func:`measure` as text, one column a horizon, or one of :func:`regret`."""
    if "prices" in table.columns:
        figures = pl.concat_str(
            pl.col("excess").round(2).cast(pl.String),
            pl.col("error").round(2).cast(pl.String).fill_null("?"),
            separator=" ± ",
        )
        table = table.with_columns(figures).pivot(
            "jobs", index=["prices", "sampler"], values="excess"
        )
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=160, float_precision=1,
                   tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):  # fmt: skip
        return str(table)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("--samplers", help="names, separated by commas (default: all)")
    parser.add_argument("--jobs", type=int, nargs="+", default=HORIZONS,
                        help="after how many jobs to look (default 20 500 2000)")  # fmt: skip
    parser.add_argument("--problems", type=int, default=5, help="cascades (default 5)")
    parser.add_argument("--steps", type=int, default=20_000, help="of the bandit (default 20000)")
    parser.add_argument("--runs", type=int, default=32, help="of the bandit (default 32)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default 0)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Measure as the command line asks, and print what was found."""
    policies = chosen(given.samplers)
    horizons = [whole("jobs", jobs, 1) for jobs in given.jobs]
    tables = (
        measure(policies, horizons, whole("problems", given.problems, 1), given.seed),
        regret(whole("steps", given.steps, 1), whole("runs", given.runs, 1), given.seed),
    )
    for table in tables:
        if given.json:
            for row in table.iter_rows(named=True):
                print(json.dumps(row))
        else:
            print(shown(table))
