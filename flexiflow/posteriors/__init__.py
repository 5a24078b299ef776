"""Beliefs about candidates: how likely a pass is, and how many seconds a run takes.

There are two kinds. Those of the samplers at node level are tables in NumPy with one row per
belief, found by a key of strings, so that they grow with the candidates they meet and can be
saved as plain lists. The others are tensors of fixed shape, batched over nodes, candidates and
jobs; they load torch when the first one is made. All statistics are sums, so that beliefs of
two workers merge by adding.
"""

from flexiflow.posteriors.beta import BetaBeliefs, Betas
from flexiflow.posteriors.seconds import LogSeconds, SecondsBeliefs
from flexiflow.posteriors.table import Floats, Key, Table

__all__ = ["BetaBeliefs", "Betas", "Floats", "Key", "LogSeconds", "SecondsBeliefs", "Table"]
