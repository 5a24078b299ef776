"""Estimators: one row or many, confidence from probabilities, names of features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline

from flexiflow.candidates import adopt
from flexiflow.candidates.call import run
from flexiflow.candidates.estimator import Estimator, is_one_row

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = np.where(X[:, 0] > 0, "pos", "neg")
CLASSIFIER = LogisticRegression().fit(X, Y)


@pytest.mark.parametrize("row", [[2.0, 0.1], (2.0, 0.1), np.array([2.0, 0.1])])
def test_one_row_is_wrapped_and_unwrapped(row: Any) -> None:
    told = run(adopt(CLASSIFIER, "m"), (row,), {}, seed=0)
    assert told.value == "pos"
    assert type(told.value) is str
    proba = CLASSIFIER.predict_proba([[2.0, 0.1]])[0]
    assert told.confidence == pytest.approx(proba.max())
    assert told.extras is not None
    assert told.extras["classes"] == ["neg", "pos"]
    np.testing.assert_allclose(told.extras["proba"], proba)


@pytest.mark.parametrize("rows", [X[:5], X[:5].tolist(), list(X[:5]), pd.DataFrame(X[:5]).values])
def test_many_rows_give_an_array(rows: Any) -> None:
    told = run(adopt(CLASSIFIER, "m"), (rows,), {}, seed=0)
    assert told.value.tolist() == CLASSIFIER.predict(X[:5]).tolist()
    mean = CLASSIFIER.predict_proba(X[:5]).max(axis=1).mean()
    assert told.confidence == pytest.approx(mean)
    assert told.extras is not None
    assert told.extras["proba"].shape == (5, 2)


def test_texts_one_and_many() -> None:
    texts = ["good day", "bad day", "good", "bad"]
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    one = run(adopt(model, "m"), ("good",), {}, seed=0)
    assert (one.value, type(one.value)) == (1, int)
    many = run(adopt(model, "m"), (["good", "bad"],), {}, seed=0)
    assert many.value.tolist() == [1, 0]
    column = run(adopt(model, "m"), (pd.Series(["good", "bad"]),), {}, seed=0)
    assert column.value.tolist() == [1, 0]


def test_dicts_with_a_vectoriser_and_with_named_features() -> None:
    rows = [{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}]
    vectorised = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, [1, 0])
    assert run(adopt(vectorised, "m"), (rows[0],), {}, seed=0).value == 1
    assert run(adopt(vectorised, "m"), (rows,), {}, seed=0).value.tolist() == [1, 0]
    named = LogisticRegression().fit(pd.DataFrame(rows), [1, 0])
    for row in (rows[0], {"b": 0.0, "a": 1.0}, [1.0, 0.0], pd.Series(rows[0])):
        assert run(adopt(named, "m"), (row,), {}, seed=0).value == 1
    assert run(adopt(named, "m"), (pd.DataFrame(rows),), {}, seed=0).value.tolist() == [1, 0]


def test_a_number_is_one_row_of_one_feature() -> None:
    line = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    told = run(adopt(line, "m"), (3.0,), {}, seed=0)
    assert told.value == pytest.approx(6.0)
    assert type(told.value) is float
    assert (told.confidence, told.extras) == (None, {})


def test_a_decision_function_is_no_confidence() -> None:
    told = run(adopt(RidgeClassifier().fit(X, Y), "m"), ([2.0, 0.1],), {}, seed=0)
    assert (told.value, told.confidence) == ("pos", None)


def test_an_estimator_that_is_not_fitted_fails_as_an_exception() -> None:
    told = run(adopt(LogisticRegression(), "m"), ([2.0, 0.1],), {}, seed=0)
    assert told.kind == "exception"
    assert told.reason is not None
    assert told.reason.startswith("NotFittedError: ")


def test_any_object_with_predict_and_many_outputs() -> None:
    class Duck:
        def predict(self, rows: list[Any], extra: int = 0) -> list[Any]:
            return [(row, extra) for row in rows]

    marker = object()
    told = run(adopt(Duck(), "m"), (marker,), {"extra": 3}, seed=0)
    assert told.value == (marker, 3)


def test_separate_rows_together() -> None:
    rows = [[2.0, 0.1], [-2.0, 0.1], [1.0, 1.0]]
    together = Estimator(CLASSIFIER).together((rows,), {})
    single = [Estimator(CLASSIFIER)(row) for row in rows]
    assert [r.value for r in together] == [r.value for r in single] == ["pos", "neg", "pos"]
    assert [r.confidence for r in together] == pytest.approx([r.confidence for r in single])
    line = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    assert [r.value for r in Estimator(line).together(([1.0, 2.0],), {})] == pytest.approx([2, 4])


@pytest.mark.parametrize(
    ("x", "one"),
    [
        (np.float32(3), True),
        (b"ab", True),
        (np.array(["a", "b"]), False),
        (["red", 3.0], True),
        ([], False),
        (pd.DataFrame({"a": [1]}), False),
        (None, True),
    ],
)
def test_what_one_row_is(x: Any, one: bool) -> None:
    assert is_one_row(x) is one
