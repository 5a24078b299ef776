"""The data of the figures, and that the pictures show just that, with texts made safe."""

import copy
import subprocess
import sys

import numpy as np
import pytest
from cells import cell
from scipy.stats import beta

from flexiflow import BadInput
from flexiflow.figures import FIGURES, figure
from flexiflow.figures import blame as blamed
from flexiflow.figures import graph as graphed
from flexiflow.figures import order as ordered
from flexiflow.figures import posterior as believed
from flexiflow.figures import reward as rewarded
from flexiflow.figures.look import COLOURS, safe, short, style, tinted
from flexiflow.panels import RunWatch

TEXT = """
    w(x)
    a = (a1 | a2)(x)
    b = (b1 | b2 | b3)(a)
    assert good(b), 'no good'
    minimize(runtime)
"""
MODELS = {
    "a1": lambda x: x, "a2": lambda x: x + 1000, "b1": lambda a: a % 2, "b2": lambda a: a < 1000,
    "b3": lambda a: 0, "good": lambda b: b,
}  # fmt: skip
TITLES = {
    "posterior": "What is believed of each candidate",
    "order": "Candidate accepted at each node, job by job",
    "reward": "What the run brought; baselines estimated from its log, with 80 % intervals",
    "graph": "Candidates in their present order: pass probability and seconds",
    "blame": "Who is to blame for the latest troubles",
}


@pytest.fixture(scope="module")
def watch():
    it = cell(TEXT, MODELS)
    blank = copy.deepcopy(it.sampler)
    took = {"a1": 0.1, "a2": 0.2, "b1": 0.05, "b2": 0.4, "b3": 0.01}
    run = it.run([{"x": k} for k in range(80)], seed=1, clock=lambda n, v, c: took[c])
    facts = {"state": "done"}
    return RunWatch(it.graph, it.sampler, it.store, it.name, run.run_id, lambda: facts, blank=blank)


@pytest.fixture(scope="module")
def snapshot(watch):
    return watch.snapshot()


@pytest.mark.parametrize("name", TITLES)
def test_every_figure_has_its_title_and_goes_through_json(watch, name):
    drawn = figure(name, watch, height=500, width=640)
    assert drawn.layout.title.text == TITLES[name]
    assert (drawn.layout.height, drawn.layout.width) == (500, 640)
    assert drawn.to_json()
    assert set(TITLES) == set(FIGURES)


def test_axes_say_what_they_measure_and_in_which_unit(watch):
    def titles(name):
        axes = figure(name, watch).layout.to_plotly_json()
        found = [a.get("title", {}).get("text") for k, a in axes.items() if "axis" in k]
        return sorted(t for t in found if t)

    assert titles("posterior") == ["density", "density", "pass probability"]
    assert titles("order")[-1] == "job, in the order of the run"
    assert titles("reward") == [
        "jobs so far",
        "mean time a job (s)",
        "objective a job (weighted sum)",
        "pass rate (share of jobs)",
    ]
    assert titles("blame") == ["candidate", "latest jobs that switched, rolled back or failed"]


def test_densities_are_those_of_the_beliefs(watch, snapshot):
    curves = believed.curves(snapshot, 1)
    assert [c["name"] for c in curves] == ["b1", "b2", "b3"]
    told = snapshot["posterior"][1]
    for k, curve in enumerate(curves):
        a, b = float(told["a"][k]), float(told["b"][k])
        np.testing.assert_allclose(
            curve["density"], beta.pdf(curve["p"], a, b), rtol=0.01, atol=1e-4
        )
        assert curve["low"] < curve["mean"] < curve["high"]
    drawn = figure("posterior", watch, node="b")
    np.testing.assert_allclose(drawn.data[0].y, curves[0]["density"])
    assert drawn.data[1].x[-1] == pytest.approx(curves[0]["mean"])
    assert drawn.data[1].error_x.array[-1] == pytest.approx(curves[0]["high"] - curves[0]["mean"])
    assert len(drawn.data) == 6
    looks = [(t.line.color, t.line.dash) for t in drawn.data[::2]]
    assert len({c for c, _ in looks}) == len({d for _, d in looks}) == 3


def test_lanes_hold_the_jobs_at_which_a_candidate_was_accepted(watch, snapshot):
    columns = snapshot["columns"]
    for v in range(2):
        for k, lane in enumerate(ordered.lanes(snapshot, v)):
            wanted = [j + 1 for j, c in enumerate(columns["choice"][:, v]) if c == k]
            assert lane["jobs"].tolist() == wanted
    marks = ordered.marks(snapshot)
    assert marks["failed"].tolist() == [j + 1 for j, p in enumerate(columns["passed"]) if not p]
    drawn = figure("order", watch)
    assert drawn.data[2].x.tolist() == ordered.lanes(snapshot, 1)[0]["jobs"].tolist()
    assert [t.name for t in drawn.data[-3:]] == ["switch", "rollback", "did not pass"]
    assert drawn.data[-2].x.tolist() == marks["rollbacks"].tolist()
    assert len({t.marker.symbol for t in drawn.data[2:5]}) == 3


def test_the_reward_stands_beside_its_baselines(watch, snapshot):
    lines = rewarded.lines(snapshot, "seconds")
    assert lines["jobs"][-1] == 80
    assert lines["mean"][-1] == pytest.approx(float(snapshot["gains"]["seconds"][-1]))
    names = [b["name"] for b in lines["baselines"]]
    assert names == ["single", "fixed"]
    drawn = figure("reward", watch)
    band, line = drawn.data[0], drawn.data[1]
    base = lines["baselines"][0]
    assert list(band.y) == [base["low"], base["low"], base["high"], base["high"]]
    assert list(line.y) == [base["mean"]] * 2
    assert list(drawn.data[4].y) == pytest.approx(lines["mean"].tolist())
    assert len({t.line.dash for t in (drawn.data[1], drawn.data[3], drawn.data[4])}) == 3


def test_a_run_without_objective_has_two_quantities(watch, snapshot):
    gains = {**snapshot["gains"], "worth": np.full(len(snapshot["gains"]["jobs"]), np.nan)}
    drawn = figure("reward", {**snapshot, "gains": {**gains, "single": None, "fixed": None}})
    assert len(drawn.data) == 2


def test_the_graph_lists_candidates_in_their_present_order(watch, snapshot):
    told = graphed.boxes(snapshot)
    assert told["edges"] == [(0, 1)]
    assert [n["x"] for n in told["nodes"]] == [0, 1]
    for v, node in enumerate(told["nodes"]):
        names = snapshot["graph"]["nodes"][v]["candidates"]
        order = [names[k] for k in snapshot["beliefs"][v]["order"]]
        assert [row["name"] for row in node["rows"]] == order
        assert [row["place"] for row in node["rows"]] == list(range(1, len(names) + 1))
    drawn = figure("graph", watch)
    shown = {tuple(c[:2]): c[2] for c in drawn.data[0].customdata}
    for v, name in enumerate(("a", "b")):
        for k, candidate in enumerate(snapshot["graph"]["nodes"][v]["candidates"]):
            mean = float(snapshot["beliefs"][v]["pass"][k, 0])
            assert shown[name, candidate] == pytest.approx(mean)
    assert drawn.data[0].marker.pattern.shape != drawn.data[1].marker.pattern.shape


def test_blame_is_what_the_sampler_tells_of_the_latest_troubles(watch):
    told = blamed.shares(watch)
    assert told["candidates"] == [["a", "a1"], ["a", "a2"], ["b", "b1"], ["b", "b2"], ["b", "b3"]]
    outcome = watch.troubled[-1]
    good = watch.blame_of(outcome)
    assert good
    for (node, name), chance in good.items():
        row = told["blame"][told["candidates"].index([node, name])]
        assert row[-1] == pytest.approx(1.0 - chance)
    for row, mean in zip(told["blame"], told["mean"], strict=True):
        known = [x for x in row if x is not None]
        assert mean == (pytest.approx(np.mean(known)) if known else None)
    drawn = figure("blame", watch)
    assert drawn.data[0].x[-1] == "mean"
    assert drawn.data[0].z[0][-1] == pytest.approx(told["mean"][0])


def test_without_a_sampler_that_can_tell_whoever_failed_is_blamed():
    from flexiflow import Fixed

    it = cell(TEXT, MODELS, sampler=Fixed())
    run = it.run([{"x": k} for k in range(6)])
    watch = RunWatch(it.graph, it.sampler, it.store, it.name, run.run_id, dict)
    told = blamed.shares(watch)
    row = told["blame"][told["candidates"].index(["b", "b1"])]
    assert row[0] == 1.0


def test_names_are_shown_as_they_are_and_not_as_html(snapshot):
    bad = "<b onclick='x'>R&D</b><br>"
    hostile = copy.deepcopy({**snapshot, "graph": dict(snapshot["graph"])})
    for node in hostile["graph"]["nodes"]:
        node["candidates"] = [f"{bad}{k}" for k in range(len(node["candidates"]))]
        node["name"] = bad
    hostile["gains"]["single"]["configuration"] = bad
    for name in ("posterior", "order", "reward", "graph"):
        text = figure(name, hostile).to_json().encode().decode("unicode_escape")
        assert "<b onclick" not in text
        assert "R&amp;D" in text or "R&am" in text
    table = {"jobs": [bad], "candidates": [[bad, bad]], "blame": [[0.5]], "mean": [0.5]}
    assert "<b onclick" not in figure("blame", table).to_json().encode().decode("unicode_escape")


def test_blame_is_not_in_a_snapshot_and_says_so(snapshot):
    with pytest.raises(BadInput, match="a snapshot does not hold it"):
        figure("blame", snapshot)


def test_odd_names_become_what_can_be_shown():
    assert safe("a<b>&\x00\ud800") == "a&lt;b&gt;&amp;\ufffd\ufffd"
    assert short("x" * 40, 10) == "xxxxxx…xxx"
    assert short("<" * 40, 10).count("&lt;") == 9
    assert tinted("#000000", 0.5) == "rgba(0,0,0,0.5)"


def test_candidates_differ_by_colour_and_by_a_second_cue():
    looks = [style(k) for k in range(24)]
    assert len({(colour, dash) for colour, dash, _ in looks}) == 24
    assert len({colour for colour, _, _ in looks[:8]}) == 8
    assert set(COLOURS) >= {"#0072B2", "#E69F00", "#009E73"}  # Okabe and Ito's


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("posteriors", {}, r"must be one of posterior, order, .*Did you mean 'posterior'\?"),
        ("rewrad", {}, r"Did you mean 'reward'\?"),
        ("zzz", {}, r"Got 'zzz'\.$"),
        ("posterior", {"node": "aa"}, r"no node 'aa'. Nodes are a, b\. Did you mean 'a'\?"),
        ("reward", {"node": "a"}, r"no option 'node'\. Options are height, width\."),
    ],
)
def test_what_is_not_there_is_refused_with_a_hint(watch, name, options, message):
    with pytest.raises(BadInput, match=message):
        figure(name, watch, **options)


def test_plotly_is_loaded_only_to_draw():
    code = "import sys, flexiflow.figures, flexiflow.panels; print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
