"""A killed process: what it acknowledged is there, and effects are not repeated."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest

from flexiflow import SQLStore, Workflow
from flexiflow.candidates import candidate
from flexiflow.language import read

pytestmark = pytest.mark.slow

RUN = """
import sys
sys.path.insert(0, {tests!r})
from test_durability import flow
it = flow({file!r})
it.run(({{"x": k}} for k in range(10**9)), progress=False,
       on_outcome=lambda o: print(o.job_id, o.output, flush=True))
"""
EFFECT = """
import sys
sys.path.insert(0, {tests!r})
from test_durability import paying
it = paying({file!r})
it.run([{{"x": 1, "id": "order-1"}}], ids="id", progress=False)
"""


def flow(file):
    models = {"bad": lambda x: -1, "good": lambda x: x * 2}
    text = "double(x)\ny = (bad | good)(x)\nassert y == x + x"
    return Workflow(read(text, models), store=SQLStore(file))


paid = []


def pay(x):
    if os.environ.get("PAYING_KILLS"):
        os.kill(os.getpid(), signal.SIGKILL)
    paid.append(x)
    return "receipt"


def paying(file):
    models = {"pay": candidate(pay, effects=True)}
    return Workflow(read("order(x)\npaid = pay(x)", models), store=SQLStore(file))


def start(code, file):
    code = code.format(tests=os.path.dirname(__file__), file=str(file))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_a_kill_and_the_next_process_goes_on(tmp_path, seed):
    file = tmp_path / "f.sqlite"
    process = start(RUN, file)
    stop_after = random.Random(seed).randint(50, 1500)
    told = []
    for line in process.stdout:
        told.append(line.split())
        if len(told) >= stop_after:
            process.kill()
            break
    rest = process.stdout.read().splitlines()
    told += [line.split() for line in rest if len(line.split()) == 2]
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    again = flow(file)
    log = {row["job_id"]: row for row in again.log().iter_rows(named=True)}
    for job_id, output in told[:-1]:  # the last line may have been cut
        assert json.loads(log[job_id]["output"]) == int(output)
    attempts = again.store.read("attempts", workflow="double")
    counts = dict(attempts.group_by("job_id").len().iter_rows())
    assert all(counts[job_id] == row["attempts"] for job_id, row in log.items())
    again.run([{"x": 1}], progress=False)
    assert again.sampler.evidence >= len(log) * 2
    first = [again.job(k).attempts[0].candidate for k in range(10)]
    assert first == ["good"] * 10
    again.store.close()


def test_an_effect_in_which_the_process_died_is_unknown_and_not_repeated(tmp_path, monkeypatch):
    file = tmp_path / "f.sqlite"
    with monkeypatch.context() as dying:
        dying.setenv("PAYING_KILLS", "1")
        process = start(EFFECT, file)
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
    it = paying(file)
    assert it.store.read("effects")["state"].to_list() == ["started"]
    run = it.run([{"x": 1, "id": "order-1"}, {"x": 2, "id": "order-2"}], ids="id")
    assert paid == [2]
    assert run.jobs["status"].to_list() == ["unknown", "passed"]
    assert run.attempts["kind"].to_list() == ["unknown effect", "pass"]
    it.store.close()
