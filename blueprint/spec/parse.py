"""Converts the merged document to a Blueprint, and all of its errors to diagnostics.

An error in one pool or component does not hide errors in others: faulty parts are set aside, and the rest continues to
the next phase, so that one run finds as many errors as possible. A misspelled key is reported, and then read as the key
that it was meant to be.
"""

import copy
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

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
from blueprint.spec.shorthand import expand
from blueprint.spec.slips import corrected, slips

_DEFAULTS = ("spec", "poolDefaults")
_APART = ("taints", "expect", "kubelet", "costPerGpuHour")
"""Keys of a pool on which no other key depends."""
_OF_POOL = 4
"""The number of steps in the path of a pool's or component's key, `spec.nodePools.train.gpu`."""
_NAME, _UNNAMED = ("metadata", "name"), "unnamed"


class Parsed(NamedTuple):
    """The blueprint, as far as it is valid, and its errors. `blueprint` is None if too little is left to go on.

    `root` is the document that it was read from, with the correct names of misspelt keys.
    """

    blueprint: Blueprint | None
    found: list[Diagnostic]
    root: Node


def parse_blueprint(layered: Layered, chart_values: ChartValueHelp = no_chart_help) -> Parsed:
    """Validate the merged document.

    Args:
        layered: The layers that were read.
        chart_values: For a component, a key and its value: the equivalent settings, if it is a key of its Helm chart.
    """
    found = [problem for layer, node in layered.documents if layer.kind == "overlay" for problem in _head(node)]
    root = layered.root
    blueprint, problems = _validated(plain(root))
    found_here = _once_for_all_pools(problems, root)
    if wrong := wrong_document(root, found_here):
        return Parsed(None, [wrong], root)
    if names := _slips(problems, found_here, root, chart_values):
        reported = [each for each in found_here if parse_path(each.path or "") in names]
        root = corrected(root, names)
        found += expand(root)
        blueprint, problems = _validated(plain(root))
        places = {each.at for each in reported}
        found_here = [*reported, *(each for each in _once_for_all_pools(problems, root) if each.at not in places)]
    unfilled = placeholders(root)
    empty = [each.path for each in layered.diagnostics]
    found += certain(found_here) if layered.incomplete else without_consequences(found_here, root, empty)
    found = [with_chart_help(each, root, chart_values) for each in with_placeholders(found, unfilled)]
    if unfilled or problems:
        faulty: list[Path] = [*unfilled, *(tuple(problem["loc"]) for problem in problems)]
        faulty += [(*POOLS, pool_above(root, name)) for name in misplaced(found_here, root)]
        blueprint, _ = _validated(_without(plain(root), faulty, set(_needless(found, root))))
    return Parsed(blueprint, found, root)


def _slips(
    problems: Iterable[Any], found: list[Diagnostic], root: Node, chart_values: ChartValueHelp
) -> dict[Path, str]:
    """The correct name of each misspelt key, unless the key is one of a Helm chart or the pool is not one."""
    pools = set(misplaced(found, root))
    unknown = (problem for problem in problems if problem["type"] == "extra_forbidden")
    every = (each for problem in unknown for each in diagnostics_of(problem, root, Blueprint))
    explained = (with_chart_help(each, root, chart_values) for each in every)
    return {
        path: name
        for path, name in slips(explained, root).items()
        if path[: len(POOLS)] != POOLS or path[len(POOLS)] not in pools
    }


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
