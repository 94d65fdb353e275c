"""Rollouts that start a new pod before an old one terminates, although a quota or the nodes limit the GPUs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.containers import GPU, limit
from blueprint.check.common.kueue import queue_name
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import may_run
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.wording import counted

NEEDS_SPARE = define("BP6486", "rollout-needs-spare-gpus", page=__file__, severity=Severity.WARNING)
_USUAL = "25%"


@rule(NEEDS_SPARE, tags=("serving", "kueue"))
def rollout(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Deployments that terminate no pod before another one has its GPUs: in a queue, or on nodes without spare ones."""
    gpus = sum(limit(each, GPU) for pod in context.pods_of(subject) for _, each in pod.containers)
    spec = mapping(subject.data.get("spec"))
    strategy = mapping(spec.get("strategy"))
    if not gpus or strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return
    rolling = mapping(strategy.get("rollingUpdate"))
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or replicas < 1:
        return
    unavailable = _number(rolling.get("maxUnavailable", _USUAL), replicas, math.floor)
    surge = _number(rolling.get("maxSurge", _USUAL), replicas, math.ceil)
    total = None if queue_name(subject) else _gpus_of_nodes(subject, context)
    is_limited = bool(queue_name(subject)) if total is None else replicas * gpus <= total < (replicas + 1) * gpus
    if unavailable == 0 and surge and is_limited:
        path = ("spec", "strategy") if strategy else ("spec",)
        size = counted(replicas, "replica")
        text = f"a rollout stops no pod until a new one has its GPUs: with {size} maxUnavailable is 0"
        text += f", and its pools have {total} in all" if total is not None else ""
        help_ = "set strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}"
        yield ObjectFinding(NEEDS_SPARE, path, text, help_)


def _gpus_of_nodes(subject: Object, context: RuleContext) -> int | None:
    """What the nodes offer on which the pods can run; None if unknown."""
    pods = context.pods_of(subject)
    able = [pool for pool in context.pools if pods and may_run(pods[0], pool, context.pools)]
    if not able or any(pool.nodes is None for pool in able):
        return None
    return sum((pool.nodes or 0) * pool.offers.get(GPU, 0) for pool in able)


def _number(value: Any, replicas: int, rounded: Any) -> int | None:
    """The number of pods; None if it is not a number."""
    if isinstance(value, str) and value.removesuffix("%").isdecimal() and value.endswith("%"):
        return int(rounded(int(value[:-1]) * replicas / 100))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


RULES = (rollout,)
