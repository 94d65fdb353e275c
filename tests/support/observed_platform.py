"""The platform with monitoring that tests use, and its rendered objects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from blueprint.bundle.layout import LOCK
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


def panels(compilation: Compilation, dashboard: str = "") -> Iterator[str]:
    """The expressions of the panels of one dashboard, or of all dashboards, with their variables filled in."""
    for name, one in objects(compilation, "ConfigMap").items():
        if name == dashboard or (not dashboard and name.endswith("-dashboard")):
            for panel in json.loads(*one["data"].values())["panels"]:
                for target in panel.get("targets", ()):
                    yield re.sub(r"\$[a-z_]+", ".*", target["expr"])


def expressions(compilation: Compilation) -> Iterator[str]:
    """The expressions of all rules and panels."""
    yield from (rule["expr"] for rule in rules(compilation))
    yield from panels(compilation)


def jobs(compilation: Compilation, component: str, *monitors: str) -> tuple[set[str], set[str]]:
    """The jobs of a component that rules read (a prefix of the name is sufficient), and those that monitors set."""
    read = {
        job
        for rule in rules(compilation)
        for job in re.findall(rf'job="(gpublueprint/{component}[a-z-]*)"', rule["expr"])
    }
    found = objects(compilation, "ServiceMonitor")
    relabelings = [
        each for name in monitors for endpoint in found[name]["spec"]["endpoints"] for each in endpoint["relabelings"]
    ]
    return read, {each["replacement"] for each in relabelings if each.get("targetLabel") == "job"}


def not_alerted(compilation: Compilation) -> dict[tuple[str, str | None], str]:
    """The reason for each omitted alert, by alert and pool."""
    assert compilation.files
    told = orjson.loads(compilation.files[LOCK])["observability"]["notAlerted"]
    return {(each["alert"], each["pool"]): each["why"] for each in told}


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
