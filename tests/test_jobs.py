"""Jobs in every shape users have them, and a clear word on bad ones."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from cells import cell

from flexiflow import BadInput
from flexiflow.jobs import bind, read_jobs

GRAPH = cell("f(image, size=3, label=None)\none = str(image)", {"str": str}).graph
TWO = cell("g(left, right)\none = pair(left, right)", {"pair": max}).graph


def inputs(graph, jobs, **more):
    return [given for _, given in read_jobs(graph, jobs, **more)]


WANTED = [{"image": "a", "size": 3, "label": None}, {"image": "b", "size": 3, "label": None}]


@pytest.mark.parametrize(
    "jobs",
    [
        [{"image": "a"}, {"image": "b"}],
        ({"image": x} for x in "ab"),
        ["a", "b"],
        pl.DataFrame({"image": ["a", "b"], "other": [1, 2]}),
        pl.DataFrame({"image": ["a", "b"]}).lazy(),
        pd.DataFrame({"image": ["a", "b"], "label": [None, float("nan")]}),
        pd.DataFrame({"image": ["a", "b"], "label": [pd.NA, pd.NaT]}, dtype=object),
        [{"image": "a", "label": np.float32("nan")}, {"image": "b"}],
    ],
)
def test_frames_lists_and_generators_are_the_same_jobs(jobs):
    assert inputs(GRAPH, jobs) == WANTED


def test_cells_of_frames_keep_their_objects():
    array = np.zeros(2)
    frame = pl.DataFrame({"image": pl.Series([array, None], dtype=pl.Object)})
    assert inputs(GRAPH, frame)[0]["image"] is array
    assert inputs(GRAPH, pd.DataFrame({"image": [array]}))[0]["image"] is array


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        (pl.DataFrame({"imgae": ["a"]}), r"no column 'image' \(did you mean 'imgae'\?\)"),
        (pl.DataFrame({"x": ["a"]}), "no column 'image'. f reads the inputs image, size, label"),
        (pl.DataFrame({"image": ["a"], "lable": ["b"]}), "did you mean 'lable'"),
        (pd.DataFrame({"Image": ["a"]}), "did you mean 'Image'"),
        ([{"imgae": "a"}], r"job 0 of f: the input 'image' is missing \(did you mean 'imgae'"),
        ([{}], "Got nothing"),
        ([{"image": 1, "lable": 2}], "job 0 of f: the input 'label' is not given"),
        ("abc", "Jobs must be a Polars or pandas frame"),
        ({"image": "a"}, "For one job, call f"),
        (7, "Got int"),
        (None, "Got NoneType"),
    ],
)
def test_bad_jobs_are_refused_in_words(jobs, message):
    with pytest.raises(BadInput, match=message):
        inputs(GRAPH, jobs)


def test_bare_values_need_a_workflow_with_one_input():
    with pytest.raises(BadInput, match="job 0 of g must be a dictionary with 'left', 'right'"):
        inputs(TWO, [3])


def test_ids_come_from_a_column_and_are_unique():
    jobs = pl.DataFrame({"image": ["a", "b"], "card": [7, 8]})
    assert [job_id for job_id, _ in read_jobs(GRAPH, jobs, ids="card")] == ["7", "8"]
    with pytest.raises(BadInput, match="did you mean 'card'"):
        inputs(GRAPH, jobs, ids="crad")
    with pytest.raises(BadInput, match="job 1 of f has the id '7', which an earlier job has"):
        inputs(GRAPH, [{"image": 1, "id": 7}, {"image": 2, "id": 7}], ids="id")
    with pytest.raises(BadInput, match="has no id: its 'id' is missing"):
        inputs(GRAPH, [{"image": 1, "id": None}], ids="id")


def test_a_call_binds_as_python_would():
    assert bind(GRAPH, ("a",), {"label": 1}) == {"image": "a", "size": 3, "label": 1}


@pytest.mark.parametrize(
    ("args", "given", "message"),
    [
        ((), {}, "the input 'image' is missing"),
        (("a",), {"image": "b"}, "got the input 'image' twice"),
        ((1, 2, 3, 4), {}, "takes 3 inputs"),
        (("a",), {"lable": 1}, r"no input 'lable' \(did you mean 'label'\?\)"),
    ],
)
def test_bad_calls_are_refused(args, given, message):
    with pytest.raises(BadInput, match=message):
        bind(GRAPH, args, given)
