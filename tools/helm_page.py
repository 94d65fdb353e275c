"""The page that maps each value of an upstream chart to a blueprint field, from `components/*/upstream.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.catalog.component_files.helm_values import all_chart_values

KINDS = {
    "setting": "a setting of the component",
    "field": "a field of the blueprint",
    "derived": "derived from other fields of the blueprint",
    "always": "fixed value",
    "patch": "no setting; use `patches` of the component",
    "out": "not expressible",
}


def helm_page() -> Iterator[str]:
    """The lines of the page: the values of each chart."""
    yield "# From Helm values to a blueprint"
    yield (
        "This page shows where each value of the upstream charts is in a blueprint. A row applies to the value and to "
        "all values under it without a separate row. Settings are under `spec.components.NAME.settings`; those that "
        "end in `Pod` contain the Kubernetes fields `tolerations`, `resources`, `args`, probes. `blueprint explain "
        "NAME` lists them."
    )
    yield "\n".join(("| kind | meaning |", "|---|---|", *(f"| {kind} | {text} |" for kind, text in KINDS.items())))
    yield (
        "Images: the release sets the tags, `spec.cluster.registries.mirrors` sets the registries, and "
        "`spec.cluster.registries.pullSecrets` sets the pull secrets. They apply to every image of every component."
    )
    for one in all_chart_values():
        yield f"## {one.component}: chart {one.chart} {one.version}"
        yield "\n".join(("| value | kind | details |", "|---|---|---|", *map(_row, one.places, one.places.values())))


def _row(value: str, answer: Mapping[str, Any]) -> str:
    kind, told = next(iter(answer.items()))
    if kind == "setting":
        told = ", ".join(f"`{name}`" for name in told)
    elif kind == "field":
        told = f"[`{told}`](spec.md)"
    return f"| `{value}` | {kind} | {told}{'; ' + answer['why'] if 'why' in answer else ''} |"
