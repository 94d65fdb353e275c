"""The fixtures of the tests of plan and apply, which share the lab with these."""

from tests.cluster.conftest import cluster, unique

__all__ = ["cluster", "unique"]
