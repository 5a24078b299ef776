"""Samplers: who comes next, and what to learn from how it went."""

from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.samplers.epsilon import EpsilonGreedy
from flexiflow.samplers.fixed import Fixed
from flexiflow.samplers.greedy import Greedy
from flexiflow.samplers.hybrid import Hybrid
from flexiflow.samplers.kl_ucb import KLUCB
from flexiflow.samplers.random import Random
from flexiflow.samplers.thompson import Thompson
from flexiflow.samplers.tuning import Tuning
from flexiflow.samplers.ucb import UCB

__all__ = [
    "KLUCB",
    "UCB",
    "Decision",
    "EpsilonGreedy",
    "Explanation",
    "Fixed",
    "Greedy",
    "Hybrid",
    "JobState",
    "Random",
    "Sampler",
    "Thompson",
    "Tuning",
]
