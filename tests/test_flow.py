"""What a user holds: call, run, feedback, explain, memory over restarts."""

import polars as pl
import pytest
from cells import cell

import flexiflow
from flexiflow import BadInput, Fixed, MemoryStore, Result, Thompson

LABELLED = """
    read(x, label=None)
    text = (upper | lower)(x)
    assert text
    context(len(x), x[:1])
    maximize(text == label)
    minimize(runtime, weight=0.5)
"""
MODELS = {"upper": str.upper, "lower": str.lower}


def labelled(**options):
    return cell(LABELLED, MODELS, sampler=Fixed(), **options)


def test_a_call_gives_the_output_and_job_the_whole_outcome():
    it = labelled()
    assert it("ab") == "AB"
    outcome = it.job(x="ab", label="AB")
    assert it.last is outcome
    assert outcome.job.terms["text == label"] == 1.0
    assert outcome.job.reward == pytest.approx(1 - 0.5 * outcome.seconds)
    assert outcome.job.context == {"len(x)": 2, "x[:1]": "a"}


def test_results_and_jobs_are_frames_with_terms_and_context():
    run = labelled().run([{"x": "ab", "label": "AB"}, {"x": "cd", "label": "no"}])
    assert run.results["output"].to_list() == ["AB", "CD"]
    assert run.results["text == label"].to_list() == [1.0, 0.0]
    assert run.jobs["context.len(x)"].to_list() == [2, 2]
    assert run.jobs["context.x[:1]"].to_list() == ["a", "c"]
    assert "2 jobs, 100.0% passed" in repr(run)


def test_log_holds_all_runs_and_calls():
    it = labelled()
    it.run([{"x": "a"}])
    it("b")
    it.run([{"x": "c"}])
    assert it.log()["output"].to_list() == ['"A"', '"B"', '"C"']


def test_a_late_label_completes_the_terms_even_after_a_restart():
    store = MemoryStore()
    it = labelled(store=store)
    run = it.run([{"x": "ab"}, {"x": "cd"}])
    assert run.jobs["terms.text == label"].to_list() == [None, None]
    assert run.jobs["reward"].to_list() == [None, None]
    first, second = run.jobs["job_id"]
    it.feedback(first, label="AB")
    again = labelled(store=store)  # a new kernel: values come from the store
    record = again.feedback(second, label="no")
    assert record.terms["text == label"] == 0.0
    assert run.jobs["terms.text == label"].to_list() == [1.0, 0.0]
    assert run.jobs["reward"].null_count() == 0
    again.feedback(second, label="CD")  # corrected: the latest counts, both are kept
    assert run.results["text == label"].to_list() == [1.0, 1.0]
    assert len(store.read("feedback")) == 3


def test_a_score_sets_the_reward():
    it = labelled()
    job_id = it.job("a").job_id
    assert it.feedback(job_id, score=0.25).reward == 0.25
    assert it.log()["reward"].to_list() == [0.25]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lable": 1}, "waits for no label 'lable'.*label"),
        ({}, "Give a label"),
        ({"label": None}, "Give a label"),
        ({"score": float("nan")}, "finite number"),
        ({"score": "good"}, "finite number"),
    ],
)
def test_bad_feedback_is_refused(given, message):
    it = labelled()
    job_id = it.job("a").job_id
    with pytest.raises(BadInput, match=message):
        it.feedback(job_id, **given)
    with pytest.raises(BadInput, match="no job 'nowhere'"):
        it.feedback("nowhere", label=1)


def test_feedback_on_a_value_that_was_not_kept_says_so():
    store = MemoryStore()
    text = "f(x, label=None)\none = make(x)\nmaximize(same(one, label))"
    models = {"make": lambda x: object(), "same": lambda a, b: a == b}
    job_id = cell(text, models, store=store).job(1).job_id
    with pytest.raises(BadInput, match="'one', whose value was not kept"):
        cell(text, models, store=store).feedback(job_id, label=3)


def test_an_objective_that_raises_is_noted_and_loses_nothing():
    it = cell("f(x)\none = str(x)\nmaximize(int(one))", {"str": str})
    outcome = it.job("no number")
    assert outcome.passed
    assert outcome.job.terms == {"int(one)": None}
    assert "objective `int(one)`: ValueError" in outcome.job.error


def test_a_feature_that_raises_is_missing_and_warns_once():
    it = cell("f(x)\none = str(x)\ncontext(1 / x)", {"str": str})
    with pytest.warns(UserWarning, match="could not be computed") as caught:
        run = it.run([{"x": 0}, {"x": 0}, {"x": 2}])
    assert len(caught) == 1
    assert run.jobs["context.1 / x"].to_list() == [None, None, 0.5]


def test_context_may_read_what_nodes_made():
    models = {"score": lambda x: Result(x, confidence=0.7)}
    it = cell("f(x)\none = score(x)\ncontext(confidence(one))", models)
    assert it.job(1).job.context == {"confidence(one)": 0.7}


def test_explain_tells_the_story():
    models = {"a": lambda x: "bad", "b": lambda x: "good", "c": str.title}
    text = "f(x)\none = (a | b)(x)\ntwo = c(one)\nassert two == 'Good', 'not good'"
    it = cell(text, models, sampler=Fixed())
    it("x")
    story = repr(it.explain())
    assert story == repr(it.explain(it.last)) == repr(it.explain(it.last.job_id))
    assert "passed after 4 attempts, 0 switches, 1 rollback" in story
    assert "two: c -> soft failure (not good)" in story
    assert "back from two to one" in story
    assert "accepted: one=b > two=c" in story
    with pytest.raises(BadInput, match="no job 'nowhere'"):
        it.explain("nowhere")
    with pytest.raises(BadInput, match="has run no job yet"):
        cell(text, models).explain()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": "x"}, "seed must be a whole number"),
        ({"workers": 0}, "workers must be a whole number, 1 or more"),
        ({"max_attempts": 0}, "max_attempts must be a whole number, 1 or more"),
        ({"max_attempts": 1.5}, "max_attempts must be a whole number"),
        ({"max_seconds": -1}, "max_seconds must be a number, 0 or more"),
        ({"max_seconds": "1"}, "max_seconds must be a number"),
        ({"on_refusal": "maybe"}, "on_refusal must be one of"),
        ({"on_failure": "maybe"}, "on_failure must be one of"),
        ({"stop_when": "never"}, "stop_when must be a number"),
        ({"executor": 3}, "executor must be a concurrent.futures.Executor"),
        ({"speed": 3}, "no option 'speed'. Options are"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(options, message):
    it = labelled()
    with pytest.raises(BadInput, match=message):
        it.run([{"x": "a"}], **options)
    assert it.last is None


def test_large_odd_and_hostile_values_are_recorded_sensibly():
    models = {"same": lambda x: x}
    it = cell("f(x)\none = same(x)", models)
    values = [
        "x" * 10_000_000,
        object(),
        {"<b>ü</b>": "\ud800\x00"},
        b"\xff",
        float("nan"),
        {1, 2},
    ]
    run = it.run([{"x": v} for v in values])
    assert run.jobs["passed"].all()
    assert max(map(len, run.jobs["output"])) < 100_000
    assert len(run.results) == len(values)
    assert run.jobs["output_kind"].to_list()[1] == "repr"


def test_outputs_of_one_type_are_a_column_of_it():
    it = cell("f(x)\none = same(x)", {"same": lambda x: x})
    assert it.run([{"x": 1.5}, {"x": 2.5}]).results["output"].dtype == pl.Float64
    assert it.run([{"x": [1]}, {"x": [2, 3]}]).results["output"].to_list() == [[1], [2, 3]]


@flexiflow.workflow(store=MemoryStore(), sampler=Thompson(), max_attempts=1)
def decorated(x):
    """Say something about x."""
    text = (str | repr)(x)
    assert text, "empty"
    return text + "!"


def test_the_decorator_reads_the_same_language():
    assert decorated("a").endswith("!")
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "Say something about x."
    assert [c.name for c in decorated.graph.nodes[0].candidates] == ["str", "repr"]


def test_its_picture_shows_nodes_and_candidates():
    bundle = labelled()._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    for word in ("text", "upper", "lower"):
        assert word in bundle["image/svg+xml"]
        assert word in bundle["text/plain"]
    assert repr(labelled()) == bundle["text/plain"]


SWITCHING = "f(x)\none = (bad | good)(x)\nassert one == 'good'"
GOOD_AND_BAD = {"bad": lambda x: "bad", "good": lambda x: "good"}


def test_the_progress_bar_shows_pass_rate_seconds_and_the_leading_path(capsys):
    it = cell(SWITCHING, GOOD_AND_BAD)
    it.run([{"x": k} for k in range(30)], progress=True)
    shown = "".join(capsys.readouterr())
    assert "30/30" in shown
    assert "100.0% passed" in shown
    assert "s/job, good" in shown


def test_labels_add_up_and_a_score_stands():
    text = (
        "f(x, l1=None, l2=None)\ny = a(x)\nmaximize(y == l1)\nmaximize((y == l2) * confidence(y))"
    )
    models = {"a": lambda x: Result(x, confidence=0.5)}
    store = MemoryStore()
    job_id = cell(text, models, store=store).job(1).job_id
    again = cell(text, models, store=store)
    assert again.feedback(job_id, l1=1).reward is None
    told = again.feedback(job_id, l2=1)
    assert (list(told.terms.values()), told.reward) == ([1.0, 0.5], 1.5)
    assert again.feedback(job_id, score=0.7).reward == 0.7
    assert again.feedback(job_id, l1=2).reward == 0.7
    assert again.log()["terms.y == l1"].to_list() == [0.0]


def test_results_keep_their_columns_apart_from_terms_of_the_same_name():
    it = cell("f(x)\noutput = a(x)\nmaximize(output)", {"a": lambda x: x})
    run = it.run([{"x": 1}, {"x": 2}])
    assert run.results["output"].to_list() == [1, 2]
    assert run.results["terms.output"].to_list() == [1.0, 2.0]


def test_outputs_that_differ_in_form_are_shown_whole():
    it = cell("f(x)\ny = a(x)", {"a": lambda x: x})
    odd = [[{"a": 1}], [{"b": 2}], "text", 3]
    shown = it.run([{"x": v} for v in odd]).results["output"].to_list()
    assert shown == ['[{"a": 1}]', '[{"b": 2}]', "text", "3"]


def test_a_run_explains_its_own_jobs_wherever_they_are_kept():
    it = labelled()
    run = it.run([{"x": "a"}], store=MemoryStore())
    assert "accepted: text=upper" in repr(run.explain(run.jobs["job_id"][0]))
    assert len(it.log()) == 0


def test_thresholds_are_checked_when_they_are_moved():
    it = cell("f(x)\ny = a(x)\nassert y > threshold(1, 'least')", {"a": lambda x: x})
    assert it.job(2).passed
    it.thresholds["least"] = 5
    assert not it.job(2).passed
    with pytest.raises(BadInput, match=r"no threshold 'lest' \(did you mean 'least'\?\)"):
        it.thresholds["lest"] = 3
    with pytest.raises(BadInput, match="finite number"):
        it.thresholds["least"] = "much"
    with pytest.raises(AttributeError):
        it.thresholds = {}


def test_a_store_may_be_a_path_and_nonsense_is_refused(tmp_path):
    it = cell("f(x)\ny = a(x)", {"a": str}, store=str(tmp_path / "here.sqlite"))
    it(1)
    assert (tmp_path / "here.sqlite").is_file()
    it.store.close()
    with pytest.raises(BadInput, match="store must be a Store"):
        cell("f(x)\ny = a(x)", {"a": str}, store=7)
