"""The page that says where each value of an upstream chart is in a blueprint, from `components/*/upstream.yaml`."""

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
    """Chart by chart, value by value."""
    yield "# From Helm values to a blueprint"
    yield (
        "Where each value of the upstream charts is in a blueprint. A row is for the value and for everything under it "
        "that has no row of its own. Settings stand under `spec.components.NAME.settings`; those that end in `Pod` "
        "hold what Kubernetes calls `tolerations`, `resources`, `args`, probes. `blueprint explain NAME` lists them."
    )
    yield "\n".join(
        ("| answer | what it means |", "|---|---|", *(f"| {kind} | {text} |" for kind, text in KINDS.items()))
    )
    yield (
        "Images: the release decides tags, `spec.cluster.registries.mirrors` where they are pulled from and "
        "`spec.cluster.registries.pullSecrets` with what; both hold for every image of every component."
    )
    for one in all_chart_values():
        yield f"## {one.component}: chart {one.chart} {one.version}"
        yield "\n".join(("| value | answer | |", "|---|---|---|", *map(_row, one.places, one.places.values())))


def _row(value: str, answer: Mapping[str, Any]) -> str:
    kind, told = next(iter(answer.items()))
    if kind == "setting":
        told = ", ".join(f"`{name}`" for name in told)
    elif kind == "field":
        told = f"[`{told}`](spec.md)"
    return f"| `{value}` | {kind} | {told}{'; ' + answer['why'] if 'why' in answer else ''} |"
