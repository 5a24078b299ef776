"""How likely a pass is: Beta beliefs, as a table that grows and as a tensor of fixed shape.

The table is in NumPy and pools its rows; it is the quicker one for a single decision. The
tensor serves many nodes, candidates and jobs at once, on a CPU or a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.posteriors.grid import Grid, Precision, number
from flexiflow.posteriors.table import Floats, Key, Table

if TYPE_CHECKING:
    import torch


class BetaBeliefs:
    """Pass probabilities: a Beta per row, whose prior is pooled over the row's group.

    The prior of a row has the mean of the other rows of its group and the weight of
    ``strength`` observations: a candidate nobody has tried starts where its neighbours are
    [1]_. With nothing seen, the default is Beta(1, 1).

    Parameters
    ----------
    mean, strength
        Prior mean, and prior weight in observations.

    References
    ----------
    .. [1] Efron, B. & Morris, C. (1975). Data analysis using Stein's estimator and its
       generalizations. JASA 70.

    Examples
    --------
    >>> beliefs = BetaBeliefs()
    >>> for _ in range(8): beliefs.update(("ocr", "fast"), passed=True)
    >>> a, b = beliefs.parameters(beliefs.table.rows([("ocr", "fast"), ("ocr", "new")]))
    >>> [round(float(m), 2) for m in a / (a + b)]
    [0.9, 0.9]
    """

    def __init__(self, mean: float = 0.5, strength: float = 2.0) -> None:
        self.mean, self.strength = mean, strength
        self.table = Table(2)

    def update(self, key: Key, passed: bool) -> None:
        """Count one pass or one failure."""
        self.table.add(key, float(passed), float(not passed))

    def parameters(self, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """The Beta parameters a and b of some rows, `(len(rows),)` each."""
        seen, pool = self.table.sums[rows], self.table.others(rows)
        weight = self.strength
        prior = (pool[:, 0] + weight * self.mean) / (pool.sum(axis=1) + weight)
        return weight * prior + seen[:, 0], weight * (1.0 - prior) + seen[:, 1]

    def sample(
        self,
        rows: NDArray[np.intp],
        size: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
    ) -> Floats:
        """Draw pass probabilities, `(size, len(rows))`.

        ``temperature`` scales the variance: below 1 draws stay closer to the mean.
        """
        a, b = self.parameters(rows)
        return rng.beta(a / temperature, b / temperature, size=(size, len(rows)))


class Betas(Grid):
    """Beta beliefs over a shape in torch, stationary or discounted [1]_.

    With ``discount`` below 1 the evidence of a belief fades by this factor at each observation
    *of its own*, before the new one is added: one that nobody looks at forgets nothing, and
    none ever weighs more than ``1 / (1 - discount)`` observations beside its prior, which does
    not fade.

    Parameters
    ----------
    shape
        Of the beliefs; empty for a single one.
    a, b
        Prior, from 1e-6 to 1e12; a number, or a tensor that expands to ``shape``.
    discount
        From 0, which keeps the last observation only, to 1, which forgets nothing.
    dtype
        Precision of what is given out, ``"float64"`` or ``"float32"``.
    device
        Where the beliefs live.

    Attributes
    ----------
    counts
        Passes and failures seen, faded, without the prior: `(size, 2)` tensor, float64.

    References
    ----------
    .. [1] Raj, V. & Kalyani, S. (2017). Taming non-stationary bandits: a Bayesian approach.
       arXiv:1707.09727. (There evidence fades with time; here with a belief's observations.)

    Examples
    --------
    >>> beliefs = Betas((2, 3))
    >>> beliefs.update([0, 0, 5], [True, True, False])
    >>> beliefs.mean().round(decimals=2).tolist()
    [[0.75, 0.5, 0.5], [0.5, 0.5, 0.33]]
    """

    def __init__(
        self,
        shape: Sequence[int],
        a: float | torch.Tensor = 1.0,
        b: float | torch.Tensor = 1.0,
        discount: float = 1.0,
        *,
        dtype: Precision = "float64",
        device: str = "cpu",
    ) -> None:
        super().__init__(shape, dtype, device)
        self._a = self._prior("a", a, 1e-6, 1e12)
        self._b = self._prior("b", b, 1e-6, 1e12)
        self.discount = number("discount", discount, 0, 1)
        self.counts = self._zeros(2)

    def update(self, index: Any, passed: Any) -> None:
        """Count passes and failures in the order given.

        Parameters
        ----------
        index
            Flat positions, `(n,)` int64; each occurrence of a position is one observation.
        passed
            Whether each passed, `(n,)` booleans.

        Raises
        ------
        BadInput
            If a position does not exist, or there is not one boolean for each.
        """
        import torch

        at = self._positions(index)
        column = (~self._held(passed, at)).long()
        weight = torch.ones(len(at), dtype=torch.float64, device=self.device)
        if self.discount < 1:
            order = torch.argsort(at, stable=True)
            at, column = at[order], column[order]
            rows, place, many = torch.unique_consecutive(
                at, return_inverse=True, return_counts=True
            )
            later = many.cumsum(0)[place] - 1 - torch.arange(len(at), device=self.device)
            weight = self.discount ** later.double()
            self.counts[rows] *= self.discount ** many.double()[:, None]
        self.counts.view(-1).index_add_(0, 2 * at + column, weight)

    def parameters(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The Beta parameters a and b, `shape` each, above 0."""
        a, b = self._parameters()
        return self._shaped(a), self._shaped(b)

    def mean(self) -> torch.Tensor:
        """Mean pass probabilities, `shape`."""
        a, b = self._parameters()
        return self._shaped(a / (a + b))

    def sample(
        self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0
    ) -> torch.Tensor:
        """Draw pass probabilities from Beta(a / temperature, b / temperature).

        Parameters
        ----------
        n
            How many draws.
        generator
            Of random numbers, on the device of the beliefs.
        temperature
            From 1e-6 to 1e6. Scales the variance: below 1 draws stay closer to the mean.

        Returns
        -------
        `(n, *shape)`; 0 and 1 themselves can occur by rounding, NaN cannot.
        """
        import torch

        scale = number("temperature", temperature, 1e-6, 1e6)
        one, other = ((x / scale).to(self.dtype).expand(n, self.size) for x in self._parameters())
        # Gamma(a) is Gamma(a + 1) * U^(1/a). Its log stays finite for a small a, where both
        # Gammas would round to 0; log U is an exponential draw.
        gammas = [torch._standard_gamma(x + 1, generator=generator) for x in (one, other)]
        logs = [torch.empty_like(g).exponential_(generator=generator) for g in gammas]
        logit = torch.log(gammas[0] / gammas[1]) - logs[0] / one + logs[1] / other
        return self._shaped(torch.sigmoid(logit))

    def log_likelihood(self, index: Any, passed: Any) -> torch.Tensor:
        """Log predictive probability of observations, each by itself given what is known now.

        Parameters
        ----------
        index, passed
            As for :meth:`update`; nothing is learned.

        Returns
        -------
        Natural logarithms, `(n,)`. The chain rule gives that of a sequence: add up what each
        observation has just before it is learned.
        """
        import torch

        at = self._positions(index)
        a, b = self._parameters(at)
        fits = torch.where(self._held(passed, at), a, b)
        return torch.log(fits / (a + b)).to(self.dtype)

    def merge(self, other: Betas) -> None:
        """Add what another worker has seen; exact, and the prior stays the one here.

        Raises
        ------
        BadInput
            If the shapes differ, or one of the two forgets: how far evidence has faded depends
            on the order in which both saw theirs, which is not known any more.
        """
        self._same_shape(other)
        if self.discount < 1 or other.discount < 1:
            raise BadInput(
                "Only beliefs that forget nothing (discount=1) can be merged. Got discounts "
                f"{self.discount} and {other.discount}. Update one with all observations in order."
            )
        self.counts += other.counts.to(self.device)

    def _parameters(self, at: Any = slice(None)) -> tuple[torch.Tensor, torch.Tensor]:
        return self._a[at] + self.counts[at, 0], self._b[at] + self.counts[at, 1]

    def _held(self, passed: Any, at: torch.Tensor) -> torch.Tensor:
        import torch

        held = self._as_many("passed", torch.as_tensor(passed, device=self.device), at)
        if len(held) and held.dtype != torch.bool:
            raise BadInput(f"passed must be booleans. Got {held.dtype}.")
        return held.bool()
