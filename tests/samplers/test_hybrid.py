"""The hybrid keeps the contract of samplers."""

from contracts.sampler_contract import SamplerContract

from flexiflow.samplers import Hybrid


class TestHybrid(SamplerContract):
    make = staticmethod(Hybrid)
