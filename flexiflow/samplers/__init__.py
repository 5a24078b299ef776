"""Samplers: who comes next, and what to learn from how it went."""

from flexiflow.samplers.base import Decision, Explanation, JobState, Sampler
from flexiflow.samplers.fixed import Fixed
from flexiflow.samplers.random import Random
from flexiflow.samplers.thompson import Thompson

__all__ = ["Decision", "Explanation", "Fixed", "JobState", "Random", "Sampler", "Thompson"]
