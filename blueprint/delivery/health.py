"""Health checks of custom resources for Argo CD and Flux, from the facts about their kinds.

Both support Kubernetes' own kinds. For others, Argo CD treats every object as healthy immediately, and Flux reads
conditions that not every operator writes; so each rendered kind with a known state gets a health check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from blueprint.bundle.model import Object
from blueprint.catalog.kinds import ConditionState, FieldState, Readiness
from blueprint.kubernetes.kinds import find_kind, is_own_group
from blueprint.records import Record


class HealthCheck(Record):
    """The health check for one kind. `failed` is empty if failure cannot be detected."""

    group: str
    version: str
    kind: str
    current: str
    failed: str
    lua: str


def health_checks(objects: Iterable[Object], release: str) -> list[HealthCheck]:
    """One check for each custom kind among the objects whose health can be read, ordered by name."""
    kinds = {(obj.id.group, obj.id.kind): obj.api_version.rpartition("/")[2] for obj in objects}
    found = (_check(group, version, kind, release) for (group, kind), version in sorted(kinds.items()))
    return [check for check in found if check]


def _check(group: str, version: str, kind: str, release: str) -> HealthCheck | None:
    ready = None if is_own_group(group) else find_kind(group, kind, release).ready
    if ready is None or not (ready.state or ready.condition):
        return None
    current, failed = _cel(ready)
    return HealthCheck(group, version, kind, current, failed, "\n".join(_lua(ready)) + "\n")


def _cel(ready: Readiness) -> tuple[str, str]:
    """The CEL expressions for the states current and failed."""
    if ready.state:
        values = ", ".join(_text(value) for value in ready.state.values)
        return f"has({ready.state.field}) && {ready.state.field} in [{values}]", ""
    assert ready.condition is not None  # noqa: S101 - one of both, as `_check` has seen
    degraded = _has_condition(ready.condition.degraded) if ready.condition.degraded else ""
    return _has_condition(ready.condition.type), degraded


def _has_condition(name: str) -> str:
    return f"has(status.conditions) && status.conditions.exists(c, c.type == {_text(name)} && c.status == 'True')"


def _text(value: str) -> str:
    return f"'{value}'"  # types of conditions and states are words


def _lua(ready: Readiness) -> Iterator[str]:
    """A health check in Lua for Argo CD, which returns a table with status and message."""
    yield 'local hs = {status = "Progressing", message = "no controller has reported on it"}'
    yield "local status = obj.status"
    yield "if status == nil then return hs end"
    yield "local seen = status.observedGeneration"
    yield "if seen ~= nil and obj.metadata.generation ~= nil and seen < obj.metadata.generation then"
    yield '  hs.message = "its controller has not seen the latest change"'
    yield "  return hs"
    yield "end"
    if ready.state:
        yield from _lua_of_state(ready.state)
    elif ready.condition:
        yield from _lua_of_condition(ready.condition)
    yield "return hs"


def _lua_of_state(state: FieldState) -> Iterator[str]:
    yield "local value = obj"
    for step in state.field.split("."):
        yield f"if value ~= nil then value = value[{json.dumps(step)}] end"
    yield "if value ~= nil then"
    yield f'  hs.message = "{state.field} is " .. tostring(value)'
    for wanted in state.values:
        yield f'  if value == {json.dumps(wanted)} then hs.status = "Healthy" end'
    yield "end"


def _lua_of_condition(condition: ConditionState) -> Iterator[str]:
    yield "for _, each in ipairs(status.conditions or {}) do"
    yield f'  if each.type == {json.dumps(condition.type)} and each.status == "True" then'
    yield '    hs = {status = "Healthy", message = each.message or ""}'
    yield "  end"
    yield "end"
    if condition.degraded:
        yield "for _, each in ipairs(status.conditions or {}) do"
        yield f'  if each.type == {json.dumps(condition.degraded)} and each.status == "True" then'
        yield '    hs = {status = "Degraded", message = each.message or ""}'
        yield "  end"
        yield "end"
