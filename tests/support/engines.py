"""Blueprints for platforms with queueing engines."""

from __future__ import annotations

HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: both}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  poolLabel: acme.example/pool
"""


def with_engines(spec: str) -> str:
    """A blueprint whose `spec` continues with pools, queueing and tenants, each indented by two spaces."""
    return HEAD + spec.lstrip("\n")
