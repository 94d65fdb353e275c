"""Blueprints of platforms with tenants for quota tests: pools and tenants in a few lines."""

from __future__ import annotations

from collections.abc import Mapping

_HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: house}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36.3"}}
  poolLabel: acme.example/pool
  poolDefaults: {{taints: ["nvidia.com/gpu=true:NoSchedule"]{machine}}}
  nodePools:
"""
MACHINE = "machine: {cpu: 128, memory: 1Ti}"
QUEUED = "  queueing: {kueue: {}}\n  tenants:\n"


def pools(every: Mapping[str, str], machine: str = "") -> str:
    """The blueprint including its pools, each as `name: description`. `machine` is the machine of all pools."""
    lines = (f"    {name}: {{{text}}}\n" for name, text in every.items())
    return _HEAD.format(machine=f", {machine}" if machine else "") + "".join(lines)


def tenants(every: Mapping[str, str]) -> str:
    """The rest of a blueprint that uses Kueue: its tenants, each as `name: resources`."""
    return QUEUED + "".join(f"    {name}: {{{text}}}\n" for name, text in every.items())
