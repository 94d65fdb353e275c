"""Converts the merged document to a Blueprint, and all of its errors to diagnostics.

An error in one pool or component does not hide errors in others: faulty parts are set aside, and the rest continues to
the next phase, so that one run finds as many errors as possible.
"""

import copy
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from blueprint.diagnostics import Diagnostic, Span
from blueprint.source.layers import Layered
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, parse_path
from blueprint.spec.causes import (
    POOLS,
    ChartValueHelp,
    certain,
    misplaced,
    no_chart_help,
    placeholders,
    pool_above,
    with_chart_help,
    with_placeholders,
    without_consequences,
    wrong_document,
    wrong_overlay,
)
from blueprint.spec.codes import UNKNOWN_KEY
from blueprint.spec.model import Blueprint, OverlayHead
from blueprint.spec.problems import diagnostics_of

_DEFAULTS = ("spec", "poolDefaults")
_APART = ("taints", "expect", "kubelet", "costPerGpuHour")
"""Keys of a pool on which no other key depends."""
_OF_POOL = 4
"""The number of steps in the path of a pool's or component's key, `spec.nodePools.train.gpu`."""
_NAME, _UNNAMED = ("metadata", "name"), "unnamed"


def parse_blueprint(
    layered: Layered, chart_values: ChartValueHelp = no_chart_help
) -> tuple[Blueprint | None, list[Diagnostic]]:
    """The blueprint, as far as it is valid, and the errors. None if too little is left to continue.

    Args:
        layered: The merged input.
        chart_values: Returns the equivalent of a component's key and value, if the key belongs to its Helm chart.
    """
    found = [problem for layer, node in layered.documents if layer.kind == "overlay" for problem in _head(node)]
    data = plain(layered.root)
    blueprint, problems = _validated(data)
    found_here = _once_for_all_pools(problems, layered.root)
    unfilled = placeholders(layered.root)
    if wrong := wrong_document(layered.root, found_here):
        return None, [wrong]
    empty = [each.path for each in layered.diagnostics]
    found += certain(found_here) if layered.incomplete else without_consequences(found_here, layered.root, empty)
    found = [with_chart_help(each, layered.root, chart_values) for each in with_placeholders(found, unfilled)]
    if unfilled or problems:
        faulty: list[Path] = [*unfilled, *(tuple(problem["loc"]) for problem in problems)]
        faulty += [(*POOLS, pool_above(layered.root, name)) for name in misplaced(found_here, layered.root)]
        blueprint, _ = _validated(_without(data, faulty, set(_needless(found, layered.root))))
    return blueprint, found


def _validated(data: Any) -> tuple[Blueprint | None, list[Any]]:
    try:
        return Blueprint.model_validate(data), []
    except ValidationError as error:
        return None, list(error.errors(include_url=False, include_context=True))


def _once_for_all_pools(problems: list[Any], root: Node) -> list[Diagnostic]:
    """The errors; those in `poolDefaults` are reported there, and not again for every pool that inherits them.

    Missing keys of the defaults, and combinations of their values, are checked in the pools under which they are
    merged.
    """
    found: list[Diagnostic] = []
    shared: set[tuple[Span | None, str]] = set()
    for problem in sorted(problems, key=lambda each: each["loc"][:2] != _DEFAULTS):
        in_defaults = problem["loc"][:2] == _DEFAULTS
        if in_defaults and problem["type"] in ("missing", "value_error"):
            continue
        for diagnostic in diagnostics_of(problem, root, Blueprint):
            place = (diagnostic.at, diagnostic.code.id)
            if in_defaults:
                shared.add(place)
            elif place in shared:
                continue
            found.append(diagnostic)
    return found


def _head(node: Node) -> Iterator[Diagnostic]:
    """Errors in an overlay outside of its spec."""
    try:
        OverlayHead.model_validate(plain(node))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        found_here = [found for problem in problems for found in diagnostics_of(problem, node, OverlayHead)]
        wrong = wrong_overlay(found_here)
        yield from [wrong] if wrong else without_consequences(found_here, node)


def _needless(found: Iterable[Diagnostic], root: Node) -> Iterator[Path]:
    """Unknown keys of pools and components that are not misspellings: without them, the others keep their meaning."""
    for each in found:
        if each.code is UNKNOWN_KEY and each.fix is None and each.path:
            path = parse_path(each.path)
            if len(path) == _OF_POOL and (node := root.get(path)) and node.key_span == each.at:
                yield path


def _without(data: Any, locations: Iterable[Path], needless: Collection[Path]) -> Any:
    """The data without faulty parts: whole pools and components, single keys elsewhere and if they are `needless`.

    A faulty name is replaced by a valid one, because nothing else depends on it.
    """
    remaining = copy.deepcopy(data)
    for location in locations:
        if location == _NAME:
            remaining["metadata"]["name"] = _UNNAMED
            continue
        if location in needless:
            _drop(remaining, location)
            continue
        if location[:2] == _DEFAULTS:
            _drop(remaining, location[:2])
            continue
        if location[:2] == POOLS and location[3:4] and location[3] in _APART:
            _drop(remaining, location[:4])
            continue
        named = location[:2] in (POOLS, ("spec", "components"))
        _drop(remaining, location[:3] if named else location)
    return remaining


def _drop(data: Any, path: Path) -> None:
    for step in path[:-1]:
        data = data.get(step) if isinstance(data, dict) else None
    if isinstance(data, dict) and path:
        data.pop(path[-1], None)
