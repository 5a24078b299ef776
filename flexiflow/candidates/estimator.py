"""An estimator with ``predict`` (scikit-learn's habit) as a candidate.

One row (a text, a number, a dict, a list of features) is wrapped to a batch of one and its
answer unwrapped; many rows (a table, a list of rows, a list of texts) are passed on and
answered with an array. Where there is ``predict_proba`` the largest probability is the
confidence (its mean over many rows), and ``proba`` and ``classes`` are extras. A decision
function is no probability and gives no confidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flexiflow.candidates.base import Options, Result

_TEXT = (str, bytes)


class Estimator:
    """Predicts with a fitted estimator, for one row or for many."""

    expects = "an estimator with predict()"

    def __init__(self, model: Any, options: Options | None = None) -> None:
        self.model = model

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it can predict; a class that was not made into an estimator cannot."""
        return not isinstance(model, type) and callable(getattr(model, "predict", None))

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Result:
        """Predict for one row (unwrapped) or for many, shape (rows, features)."""
        single = is_one_row(x)
        rows = self._rows([x] if single else x)
        answer, proba = self._predict(rows, args, kwargs)
        if single:
            return self._one(answer, proba, 0)
        confidence = None if proba is None else float(np.mean(np.max(proba, axis=1)))
        return Result(answer, confidence, **self._extras(proba))

    def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Predict for many separate rows in one call."""
        if len(args) != 1 or not all(is_one_row(x) for x in args[0]):
            return [self(*row, **kwargs) for row in zip(*args, strict=True)]
        answer, proba = self._predict(self._rows(args[0]), (), kwargs)
        return [self._one(answer, proba, i) for i in range(len(args[0]))]

    def _predict(self, rows: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer = self.model.predict(rows, *args, **kwargs)
        if not hasattr(self.model, "predict_proba"):
            return answer, None
        proba = self.model.predict_proba(rows)
        plain = not isinstance(proba, list) and np.ndim(proba) == 2 and len(proba)
        return answer, np.asarray(proba) if plain else None

    def _one(self, answer: Any, proba: Any, i: int) -> Result:
        value = answer.iloc[i] if hasattr(answer, "iloc") else answer[i]
        value = value.item() if isinstance(value, np.generic) else value
        row = None if proba is None else proba[i]
        return Result(value, None if row is None else float(np.max(row)), **self._extras(row))

    def _extras(self, proba: Any) -> dict[str, Any]:
        if proba is None:
            return {}
        classes = getattr(self.model, "classes_", None)
        return {"proba": proba, "classes": None if classes is None else list(classes)}

    def _rows(self, rows: Any) -> Any:
        """Shape rows as the estimator was fitted: a frame, an array, or a list of things."""
        if not isinstance(rows, (list, tuple)) or not len(rows):
            return rows
        first, names = _plain_row(rows[0]), getattr(self.model, "feature_names_in_", None)
        if isinstance(first, dict):
            rows = [_plain_row(r) for r in rows]
            return rows if names is None else _frame(rows, names)
        if isinstance(first, _TEXT):
            return list(rows)
        if np.ndim(first) == 0 and _is_scalar(first):
            return np.asarray(rows).reshape(-1, 1)
        if isinstance(first, (list, tuple, np.ndarray)):
            fits = names is not None and len(first) == len(names)
            return _frame([list(r) for r in rows], names) if fits else _table(rows)
        return list(rows)


def is_one_row(x: Any) -> bool:
    """Whether ``x`` is one row rather than many.

    Examples
    --------
    >>> is_one_row("a text"), is_one_row([5.1, 3.5]), is_one_row({"age": 3})
    (True, True, True)
    >>> is_one_row(["a text", "another"]), is_one_row([[5.1, 3.5], [4.9, 3.0]])
    (False, False)
    """
    if isinstance(x, (*_TEXT, dict)):
        return True
    if isinstance(x, (list, tuple)):
        scalars = bool(x) and all(_is_scalar(v) for v in x)
        return scalars and not all(isinstance(v, _TEXT) for v in x)
    dimensions = getattr(x, "ndim", None)
    if dimensions is None:
        return not hasattr(x, "columns")
    texts = getattr(getattr(x, "dtype", None), "kind", "") in "OUS" and _all_text(x)
    return dimensions == 0 or (dimensions == 1 and not texts)


def _all_text(x: Any) -> bool:
    return all(isinstance(v, _TEXT) for v in np.asarray(x, dtype=object).reshape(-1))


def _is_scalar(x: Any) -> bool:
    return x is None or isinstance(x, (*_TEXT, int, float, complex, np.generic))


def _plain_row(row: Any) -> Any:
    """Unwrap a row of pandas to a dict of its features and a tensor to an array."""
    if hasattr(row, "to_dict"):
        return row.to_dict()
    return np.asarray(row) if hasattr(row, "ndim") and not isinstance(row, np.generic) else row


def _table(rows: Any) -> Any:
    mixed = any(isinstance(v, _TEXT) for v in rows[0])
    return np.array([list(r) for r in rows], dtype=object) if mixed else np.asarray(rows)


def _frame(rows: list[Any], names: Any) -> Any:
    """Make the frame with named columns that an estimator fitted on one asks for."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(names))
