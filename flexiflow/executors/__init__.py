"""Executors: where candidates run. Any ``concurrent.futures.Executor`` will do."""

from flexiflow.executors.serial import Serial
from flexiflow.executors.shipped import submit

__all__ = ["Serial", "submit"]
