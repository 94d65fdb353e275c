"""Backends that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.services import MISSING, service_missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping


@rule(MISSING, tags=("network", "references"))
def backends(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Backends that refer to a missing Service."""
    for path, backend in _backends(subject):
        name = inside(backend, "service", "name")
        yield from service_missing(name, (*path, "service", "name"), subject, context)


def _backends(subject: Object) -> Iterator[tuple[Path, Any]]:
    """All backends with their paths."""
    yield ("spec", "defaultBackend"), inside(subject.data, "spec", "defaultBackend")
    for index, each in enumerate(items(inside(subject.data, "spec", "rules"))):
        for number, path in enumerate(map(mapping, items(inside(each, "http", "paths")))):
            yield ("spec", "rules", index, "http", "paths", number, "backend"), path.get("backend")


RULES = (backends,)
