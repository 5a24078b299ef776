"""A made-up run for the tests of the dashboard: seeded, of any size, and steered by nobody."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

NODES = ("picture", "text", "date")
NAMES = ("original", "sharpened", "binarised", "upscaled")


class FakeWatch:
    """Watch of the protocol: jobs come when :meth:`advance` is called, drift half way through."""

    def __init__(self, nodes: int = 3, k: int = 4, total: int | None = 1000, seed: int = 0) -> None:
        self.names = [NODES[i] if i < len(NODES) else f"node{i}" for i in range(nodes)]
        self.candidates = [f"{NAMES[c % 4]}{c // 4 or ''}" for c in range(k)]
        self.k, self.total, self.every = k, total, 1
        self.rng = np.random.default_rng(seed)
        self.a, self.b = np.ones((nodes, k)), np.ones((nodes, k))
        self.seconds = self.rng.uniform(0.02, 0.8, k) * np.ones((nodes, 1))
        self.rows: list[tuple[Any, ...]] = []
        self.done = self.passed = 0
        self.spent, self.state, self.version = 0.0, "running", 0
        self.steered: dict[str, Any] = {"pins": {}, "bans": {}, "weights": {}}
        self.points: list[tuple[int, float, float, float]] = []
        self.trail: list[np.ndarray[Any, Any]] = []
        self.speed: float | None = None
        self.lock = threading.RLock()

    def advance(self, jobs: int = 1) -> None:
        """Let so many jobs happen."""
        with self.lock:
            for _ in range(jobs):
                self._job()
            self.version += 1
            if self.total is not None and self.done >= self.total:
                self.state = "done"

    def _job(self) -> None:
        n = len(self.names)
        leader = 0 if self.done < 0.55 * (self.total or 400) else min(2, self.k - 1)
        choice, first = np.full(n, leader), np.full(n, leader)
        for i in range(n):
            if self.rng.random() < 0.25:
                choice[i] = self.rng.integers(self.k)
        passed = self.rng.random() < 0.93
        seconds = float(self.seconds[np.arange(n), choice].sum() * self.rng.lognormal(0, 0.2))
        grow = self.rng.random(n) < (0.9 if leader == 0 else 0.7)
        self.a[np.arange(n), choice] += grow
        self.b[np.arange(n), choice] += ~grow
        switches, rollbacks = int((choice != first).sum()), int(self.rng.random() < 0.06)
        shown = choice if passed else np.full(n, 255)
        self.rows.append((self.done, shown, first, switches, rollbacks, passed, seconds))
        self.done += 1
        self.passed += passed
        self.spent += seconds
        if self.done % max(1, self.done // 200) == 0:
            rate = self.passed / self.done
            self.points.append(
                (self.done, self.spent / self.done, rate, rate - self.spent / self.done)
            )
        if self.done % 10 == 0:
            self.trail = [*self.trail[-23:], self.a / (self.a + self.b)]

    def run(self) -> dict[str, Any]:
        return {"id": "r1", "workflow": "id_cards", "state": self.state, "total": self.total,
                "done": self.done, "passed": self.passed, "seconds": self.spent, "error": None,
                "speed": self.speed}  # fmt: skip

    def graph(self) -> dict[str, Any]:
        nodes = [
            {"name": name, "targets": [name], "candidates": self.candidates,
             "parents": [i - 1] if i else [], "effects": False}
            for i, name in enumerate(self.names)
        ]  # fmt: skip
        last = len(nodes) - 1
        return {
            "inputs": [{"name": "image", "late": False}, {"name": "label", "late": True}],
            "nodes": nodes,
            "assertions": [
                {"text": "has_valid_date(text)", "scope": list(range(last + 1)), "at": last},
                {"text": f"confidence({self.names[0]}) >= least", "scope": [0], "at": 0},
            ],
            "objectives": [
                {"text": "exact_match(text, label)", "sign": 1, "weight": 1.0, "word": None},
                {"text": "runtime", "sign": -1, "weight": 0.1, "word": "runtime"},
            ],
            "context": ["brightness(image)", "sharpness(image)"],
            "thresholds": {"least": 0.6},
        }

    def beliefs(self, after: int | None = None) -> tuple[list[Any], list[Any]]:
        share = 1.0 if after is None else max(after, 1) / max(self.done, 1)
        beliefs, posterior = [], []
        for n in range(len(self.names)):
            a, b = 1 + (self.a[n] - 1) * share, 1 + (self.b[n] - 1) * share
            mean = a / (a + b)
            spread = 1.28 * np.sqrt(mean * (1 - mean) / (a + b + 1))
            passes = np.clip(np.c_[mean, mean - spread, mean + spread], 0, 1)
            seconds = np.c_[self.seconds[n], 0.9 * self.seconds[n], 1.1 * self.seconds[n]]
            order = np.argsort(-mean / self.seconds[n] ** 0.3).astype(np.uint8)
            context = np.linspace(0.2, 0.9, self.k) if n == 1 else np.full(self.k, np.nan)
            beliefs.append({"pass": passes, "seconds": seconds, "order": order, "context": context})
            trail = np.array([t[n] for t in self.trail]).reshape(-1, self.k)
            posterior.append({"a": a, "b": b, "trail": trail})
        return beliefs, posterior

    def columns(self, after: int = -1) -> dict[str, Any]:
        while self.done / self.every > 2000:
            self.every *= 2
        rows = [
            r
            for r in self.rows[max(after, 0) - self.done or None :]
            if r[0] > after and r[0] % self.every == 0
        ]
        n = len(self.names)
        made = {"job": np.array([r[0] for r in rows], np.int32)}
        for at, name in ((1, "choice"), (2, "first")):
            made[name] = np.array([r[at] for r in rows], np.uint8).reshape(-1, n)
        for at, name in ((3, "switches"), (4, "rollbacks"), (5, "passed")):
            made[name] = np.array([r[at] for r in rows], np.uint8)
        made["seconds"] = np.array([r[6] for r in rows], np.float32)
        return {**made, "every": self.every}

    def gains(self, after: int = 0) -> dict[str, Any]:
        points = [p for p in self.points[-400:] if p[0] > after]
        table = np.array(points, np.float32).reshape(-1, 4)
        return {"jobs": table[:, 0].astype(np.int32), "seconds": table[:, 1], "passed": table[:, 2],
                "worth": table[:, 3]}  # fmt: skip

    def baselines(self) -> dict[str, Any]:
        return {
            "single": {"configuration": "sharpened > original > upscaled",
                       "seconds": [1.3, 1.2, 1.42], "passed": [0.81, 0.78, 0.84], "worth": None},
            "fixed": {"order": "original > sharpened, upscaled > original",
                      "seconds": [1.15, 1.1, 1.2], "passed": [0.92, 0.9, 0.94],
                      "worth": [-0.1, -0.2, 0.0]},
        }  # fmt: skip

    def jobs(self, after: int = -1) -> list[list[Any]]:
        found = []
        for job, choice, _, switches, rollbacks, passed, seconds in reversed(self.rows[-50:]):
            if job <= after:
                break
            path = " > ".join(self.candidates[c] for c in choice if c < self.k)
            reason = None if passed else "assert has_valid_date(text)"
            status = "passed" if passed else "exhausted"
            found.append([f"card-{job}", job, status, path or "original > original > original",
                          round(seconds, 4), 3 + switches, switches, rollbacks, None,
                          reason])  # fmt: skip
        return found

    def now(self) -> list[dict[str, Any]]:
        if self.state in ("done", "failed"):
            return []
        n = len(self.names)
        at = self.version % n
        back = n - 1 if at == 0 and n > 1 and self.version % (4 * n) == 0 else None
        choice = [int(c) for c in self.a.argmax(axis=1)]
        return [{"job": f"card-{self.done}", "choice": choice, "node": at, "back": back}]

    def snapshot(self) -> dict[str, Any]:
        with self.lock:
            beliefs, posterior = self.beliefs()
            return {
                "run": self.run(), "graph": self.graph(), "beliefs": beliefs,
                "posterior": posterior, "columns": self.columns(),
                "gains": {**self.gains(), **self.baselines()}, "jobs": self.jobs(),
                "now": self.now(), "steering": self.steered,
                "notices": ["upscaled dominates at text: switching costs you 0.12 s a job"],
            }  # fmt: skip

    def begin(self) -> tuple[dict[str, Any], Any]:
        with self.lock:
            return self.snapshot(), self.changes(None)[1]

    def changes(self, mark: Any) -> tuple[dict[str, Any], Any]:
        with self.lock:
            _, done, _, steered = mark or (-1, 0, "", "")
            new = (self.version, self.done, self.state, repr((self.steered, self.speed)))
            if new == mark:
                return {}, mark
            fresh: dict[str, Any] = {"run": self.run(), "now": self.now()}
            if self.done > done:
                n = self.done % len(self.names)
                beliefs, posterior = self.beliefs()
                fresh["beliefs"] = {str(n): beliefs[n]}
                fresh["posterior"] = {str(n): {x: posterior[n][x] for x in "ab"}}
                fresh["columns"], fresh["gains"] = self.columns(done - 1), self.gains(done)
                fresh["jobs"] = self.jobs(done - 1)
            if new[3] != steered:
                fresh["steering"] = self.steered
            return fresh, new

    def at(self, job: int) -> dict[str, Any]:
        with self.lock:
            beliefs, posterior = self.beliefs(job)
        return {"beliefs": beliefs, "posterior": posterior}

    def why(self, job_id: str) -> dict[str, Any]:
        if not job_id.startswith("card-"):
            raise KeyError(job_id)
        order = [["sharpened", 0, 0.81, 0.4, 0.71], ["original", 1, 0.64, 0.2, 0.29]]
        return {
            "job": job_id, "status": "passed", "seconds": 1.2,
            "lines": ["passed after 4 attempts, 1 switch, 1 rollback, 1.20 s",
                      "picture: sharpened -> ok, 0.31 s", "text: original -> failed, 0.20 s",
                      "back from text to picture", "accepted: picture=original > text=original"],
            "order": [{"node": "picture", "offered": order, "first": "sharpened",
                       "runner_up": "original"}],
            "attempts": [], "path": [],
            "verdicts": [{"assertion": "has_valid_date(text)", "result": "fail",
                          "reason": "no date", "configuration": {}, "step": 2, "memo": False}],
            "blame": [["picture", "sharpened", 0.12], ["text", "original", 0.66]],
            "reused": [["text", "original"]],
        }  # fmt: skip
