"""Candidates: models of every kind behind one seam, and how they are declared and run."""

from flexiflow.candidates.adopting import adopt
from flexiflow.candidates.base import (
    Alternatives,
    Candidate,
    Declared,
    Named,
    Options,
    Raw,
    Result,
)
from flexiflow.candidates.chat import chat
from flexiflow.candidates.declaring import any_of, candidate, named
from flexiflow.candidates.endpoint import endpoint
from flexiflow.candidates.kinds import KINDS
from flexiflow.candidates.loading import memory_bound
from flexiflow.candidates.onnx import onnx

__all__ = [
    "KINDS",
    "Alternatives",
    "Candidate",
    "Declared",
    "Named",
    "Options",
    "Raw",
    "Result",
    "adopt",
    "any_of",
    "candidate",
    "chat",
    "endpoint",
    "memory_bound",
    "named",
    "onnx",
]
