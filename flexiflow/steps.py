"""Running one node of a job: memo, arguments, budget, effects, and what a failure means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from flexiflow.candidates.base import Candidate, Raw
from flexiflow.checks import BUGS, blame_user, features, told
from flexiflow.errors import BadInput
from flexiflow.judge import Judge
from flexiflow.ledger import Argued, Tried
from flexiflow.present import End, Failed, Present
from flexiflow.records import FAILS
from flexiflow.versions import Version, read_only


@dataclass(slots=True)
class Start:
    """A node about to run: either its result is known, or the call is ready."""

    tried: Tried
    candidate: Candidate
    known: Version | Raw | None = None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    retries: int = 0


class Steps:
    """Starts and finishes the nodes of one job."""

    def __init__(self, job: Present, judge: Judge) -> None:
        self.job, self.judge = job, judge
        # Once asked in this job or cooling since another, a candidate is asked once more, last.
        self._unreached: set[tuple[int, int]] = set(job.state.barred)

    def feel(self) -> None:
        """Compute the job-level features that can be computed now."""
        job = self.job
        if job.graph.context:
            job.state.context = features(job.graph, job.view, job.world.warned)

    def start(self, v: int, retries: int = 0) -> Start:
        """Prepare a node: look into the memo, else evaluate its arguments."""
        job = self.job
        assert job.configuration is not None
        choice, node = job.configuration[v], job.graph.nodes[v]
        upstream = tuple(job.view.made[p].number for p in job.graph.parents[v])
        known = None if retries else job.memo.get(v, choice, upstream)
        args: tuple[Any, ...] = ()
        kwargs: dict[str, Any] = {}
        if known is None:
            args, kwargs = self._arguments(v)
            self._afford()
        seed = mixed(job.state.seed, v, node.choices[choice].roll)
        tried = job.ledger.begin(v, choice, upstream, seed, job.back)
        job.back = None
        if known is not None:
            tried.memo = True
        elif node.effects:
            self._journal(tried)
        return Start(tried, job.graph.candidate(v, choice), known, args, kwargs, retries)

    def finish(self, start: Start, result: Version | Raw) -> bool:
        """Take in what came of a node and check it; True if it is to be retried.

        Raises
        ------
        Failed
            If the present configuration does not do.
        End
            If the job ends here.
        """
        tried = start.tried
        result = self.note(start, result)
        if isinstance(result, Version):
            self._made(tried, result)
            return False
        self.job.reason = f"{start.candidate.name}: {result.reason}"
        if tried.kind == "exception" and start.retries < start.candidate.options.retries:
            return True
        self._gone(tried, result, start.candidate)
        raise Failed(tried.node)

    def note(self, start: Start, result: Version | Raw) -> Version | Raw:
        """Write down what came of a node, and nothing more."""
        if isinstance(result, Raw) and not start.tried.memo:
            result = self._settle(start, result)
        start.tried.take(result)
        return result

    def _afford(self) -> None:
        settings, ledger = self.job.world.settings, self.job.ledger
        most, seconds = settings.max_attempts, settings.max_seconds
        why = self.job.reason or "none has passed"
        if most is not None and ledger.begun >= most:
            raise End("budget", f"max_attempts={most} was reached; {why}")
        if seconds is not None and ledger.seconds >= seconds:
            raise End("budget", f"max_seconds={seconds} was reached; {why}")
        ledger.begun += 1

    def _arguments(self, v: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        node, view = self.job.graph.nodes[v], self.job.view
        values = []
        for at in node.arguments:
            try:
                values.append(view.evaluate(at))
            except BUGS as error:
                raise blame_user(error, "argument", at.text, at.line) from None
            except Exception as error:
                self._unarguable(v, at.text, self.job.graph.scope_of(at), error)
        if not node.kwargs:
            return tuple(values), {}
        count = len(node.args)
        names = (name for name, _ in node.kwargs)
        return tuple(values[:count]), dict(zip(names, values[count:], strict=True))

    def _unarguable(self, v: int, text: str, scope: tuple[int, ...], error: Exception) -> None:
        """An argument raised: the values it reads are to blame, or else the input."""
        job = self.job
        job.reason = f"argument `{text}` of {job.graph.nodes[v].name}: {told(error)}"
        if not scope:
            raise End("invalid", job.reason) from error
        job.exclude(scope)
        picks = job.picks(scope)
        job.ledger.checked.append(
            Argued(job.ledger.step, f"argument {text}", scope, picks, job.reason)
        )
        raise Failed(v) from error

    def _settle(self, start: Start, raw: Raw) -> Version | Raw:
        """Price an attempt that was run, guard its output, and put it into the memo."""
        job, tried, options = self.job, start.tried, start.candidate.options
        node = job.graph.nodes[tried.node]
        clock = job.world.settings.clock
        if clock is not None:
            seconds = _read(clock(job.number, node.name, start.candidate.name))
            raw = raw._replace(seconds=seconds, cold=False)
            if options.timeout is not None and seconds > options.timeout:
                reason = f"took longer than {options.timeout} s"
                raw = Raw("timeout", seconds=options.timeout, reason=reason)
        if raw.kind == "pass":
            raw = _guarded(raw, node.targets)
        cost = 0.0 if raw.kind == "unavailable" else options.cost
        job.ledger.paid(tried, raw.seconds, cost, raw.cold)
        if node.effects:
            self._journalled(tried, raw)
        again = raw.kind == "exception" and start.retries < options.retries
        if raw.kind == "unavailable" or again:
            return raw
        return job.memo.keep(tried.node, tried.choice, tried.upstream, raw)

    def _made(self, tried: Tried, version: Version) -> None:
        job = self.job
        job.view.made[tried.node] = version
        targets = job.graph.nodes[tried.node].targets
        if any(t in e.names for e in job.graph.context for t in targets):
            self.feel()
        self.judge.after(tried)

    def _gone(self, tried: Tried, raw: Raw, candidate: Candidate) -> None:
        """Rule out what failed to give a value, as its kind of failure asks."""
        job, v = self.job, tried.node
        if job.graph.nodes[v].effects and raw.kind not in ("unavailable", "refused"):
            raise End("unknown", f"{job.reason}; its effect may have happened: it is not run again")
        if raw.kind == "refused" and job.world.settings.on_refusal == "stop":
            raise End("refused", job.reason)
        if raw.kind == "unavailable" and not tried.memo:
            job.world.cool(candidate, raw.retry_after)
            if (v, tried.choice) not in self._unreached:
                self._unreached.add((v, tried.choice))
                job.state.barred.add((v, tried.choice))
                return
        if raw.kind in FAILS:
            job.state.broken.append((v, tried.choice))
        job.exclude(job.graph.lineage[v])

    def _journal(self, tried: Tried) -> None:
        """Mark that an effect is about to run; never run one that may have run before."""
        job = self.job
        mark = job.world.effect_marked(job.job_id, tried.node)
        if mark in ("started", "done"):
            tried.kind = "unknown effect"
            tried.reason = "its effect has run before"
            if mark == "started":
                tried.reason = "its effect had been started before and may have happened"
            name = job.graph.nodes[tried.node].name
            raise End("unknown", f"{name}: {tried.reason}; it is not run again unasked")
        job.world.mark_effect(job.job_id, tried.node, tried.choice, "started")

    def _journalled(self, tried: Tried, raw: Raw) -> None:
        job, v = self.job, tried.node
        if raw.kind in ("unavailable", "refused"):
            job.world.mark_effect(job.job_id, v, tried.choice, "failed")
        elif raw.kind == "pass":
            job.world.mark_effect(job.job_id, v, tried.choice, "done")
            lineage = job.graph.lineage[v]
            job.state.fixed.update(zip(lineage, job.picks(lineage), strict=True))


def _read(seconds: Any) -> float:
    """What the user's clock has said, if it can be."""
    try:
        read = float(seconds)
    except (TypeError, ValueError):
        read = math.nan
    if not 0 <= read < math.inf:
        raise BadInput(f"clock(...) must give seconds, 0 or more and finite. Got {seconds!r}.")
    return read


def _guarded(raw: Raw, targets: tuple[str, ...]) -> Raw:
    """The output as it is handed on: unpacked for several targets, arrays read-only."""
    if len(targets) == 1:
        return raw._replace(value=read_only(raw.value))
    try:
        parts = tuple(read_only(part) for part in raw.value)
    except TypeError:
        parts = (raw.value,)
    if len(parts) != len(targets):
        got = f"{len(parts)} values" if len(parts) != 1 else f"one {type(raw.value).__name__}"
        reason = f"expected {len(targets)} values for {', '.join(targets)}, got {got}"
        return Raw("exception", seconds=raw.seconds, reason=reason, cold=raw.cold)
    return raw._replace(value=parts)


def mixed(seed: int, node: int, roll: int) -> int:
    """The seed of an attempt, 31 bits: SplitMix64 of the job's seed, node and re-roll."""
    x = (seed + 0x9E3779B97F4A7C15 * (node * 1009 + roll + 1)) & (2**64 - 1)
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (x ^ (x >> 31)) >> 33
