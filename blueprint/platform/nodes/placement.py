"""Node affinity that restricts pods to the nodes of some pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Selectors = Sequence[Mapping[str, str]]
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def on_nodes_of(selectors: Selectors, affinity: Mapping[str, Any] | None) -> dict[str, Any]:
    """`affinity`, restricted to nodes that match one of the selectors: each of its required terms, once for each
    alternative.

    Selectors that differ in the value of one label are one alternative.
    """
    given = affinity or {}
    of_nodes = given.get("nodeAffinity") or {}
    terms = (of_nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    narrowed = [
        {**term, "matchExpressions": [*(term.get("matchExpressions") or ()), *more]}
        for term in terms
        for more in _alternatives(selectors)
    ]
    return {**given, "nodeAffinity": {**of_nodes, _REQUIRED: {"nodeSelectorTerms": narrowed}}}


def _alternatives(selectors: Selectors) -> Iterator[list[dict[str, Any]]]:
    """The alternative conditions for a node to match any of the selectors, as lists of expressions that must all
    hold.
    """
    groups: dict[tuple[tuple[str, ...], str, tuple[tuple[str, str], ...]], set[str]] = {}
    for selector in selectors:
        keys = tuple(sorted(selector))
        varying = _varying(keys, selectors)
        rest = tuple((key, selector[key]) for key in keys if key != varying)
        groups.setdefault((keys, varying, rest), set()).add(selector[varying])
    for (_, varying, rest), values in groups.items():
        fixed = [{"key": key, "operator": "In", "values": [value]} for key, value in rest]
        yield [{"key": varying, "operator": "In", "values": sorted(values)}, *fixed]


def _varying(keys: tuple[str, ...], selectors: Selectors) -> str:
    """The label whose values distinguish most of the selectors with the same labels."""
    alike = [each for each in selectors if tuple(sorted(each)) == keys]
    return max(keys, key=lambda key: (len({each[key] for each in alike}), key))
