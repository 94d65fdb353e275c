"""The watched platform of the tests, and what was rendered for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.monitoring import AlertDefinition, load_definitions
from blueprint.catalog.components import Component
from blueprint.pipeline import Compilation

HERE = Path(__file__).parents[1] / "observability"
TEXT = (HERE / "watched.yaml").read_text("utf-8")
Compile = Callable[..., Compilation]


def objects(compilation: Compilation, kind: str) -> dict[str, Any]:
    """The rendered objects of a kind, by name."""
    assert compilation.bundle, compilation.diagnostics
    return {one.id.name: one.data for one in compilation.bundle.objects if one.id.kind == kind}


def rules(compilation: Compilation) -> Iterator[dict[str, Any]]:
    """Every rule of every PrometheusRule."""
    for one in objects(compilation, "PrometheusRule").values():
        for group in one["spec"]["groups"]:
            yield from group["rules"]


def alerts(compilation: Compilation) -> set[str]:
    """The names of the alerts of a bundle."""
    return {rule["alert"] for rule in rules(compilation) if "alert" in rule}


def watched_components() -> list[Component]:
    """The components that define alerts."""
    catalog = load_catalog()
    found = [one for name in catalog.components if (one := catalog.component(name)) is not None]
    return [one for one in found if (one.folder / "alerts.yaml").is_file()]


def defined_alerts() -> dict[str, AlertDefinition]:
    """Every alert of every component."""
    return {
        name: one for each in watched_components() for name, one in load_definitions(each.folder).alerts.alerts.items()
    }
