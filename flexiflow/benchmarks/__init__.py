"""Measurements: ``python -m flexiflow.benchmarks``."""
