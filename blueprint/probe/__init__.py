"""Readings, expectations as data, and checks as pure functions. A leaf: the standard library (and NVML)."""

from blueprint.probe.model import Expectation, ExpectationSource

__all__ = ["Expectation", "ExpectationSource"]
