"""The page that maps each value of an upstream chart to a blueprint field, from `components/*/upstream.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.catalog.component_files.helm_values import all_chart_values

KINDS = {
    "setting": "a setting of the component",
    "field": "a field of the blueprint",
    "derived": "it follows from what the blueprint says elsewhere",
    "always": "it is always so",
    "patch": "no setting; `patches` of the component reach it",
    "out": "not expressible",
}


def helm_page() -> Iterator[str]:
    """The lines of the page: the values of each chart."""
    yield "# From Helm values to a blueprint"
    yield (
        "The blueprint field for each value of the upstream charts. A row applies to the value and to all values "
        "under it without a separate row. Settings are under `spec.components.NAME.settings`. Settings that end in "
        "`Pod` contain pod fields such as `tolerations`, `resources`, `args` and probes. `blueprint explain NAME` "
        "lists them."
    )
    yield "\n".join(("| Mapping | Meaning |", "|---|---|", *(f"| {kind} | {text} |" for kind, text in KINDS.items())))
    yield (
        "Images: the release sets the tags, `spec.cluster.registries.mirrors` the registries to pull from and "
        "`spec.cluster.registries.pullSecrets` the credentials. Both apply to every image of every component."
    )
    for one in all_chart_values():
        yield f"## {one.component}: chart {one.chart} {one.version}"
        yield "\n".join(("| Value | Mapping | |", "|---|---|---|", *map(_row, one.places, one.places.values())))


def _row(value: str, answer: Mapping[str, Any]) -> str:
    kind, told = next(iter(answer.items()))
    if kind == "setting":
        told = ", ".join(f"`{name}`" for name in told)
    elif kind == "field":
        told = f"[`{told}`](spec.md)"
    return f"| `{value}` | {kind} | {told}{'; ' + answer['why'] if 'why' in answer else ''} |"
