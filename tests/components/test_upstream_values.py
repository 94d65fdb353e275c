"""Every value of the upstream charts has an answer for users who come from Helm, and every setting is such
an answer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.helm_values import ChartValues, all_chart_values
from blueprint.report.topics.fields import fields_of, find_field
from blueprint.spec.schema import json_schema

sys.path.append(str(Path(__file__).parents[2] / "tools"))
from helm_page import KINDS

ANSWERS = list(all_chart_values())
FOLDERS = {"karpenter": "karpenter-aws"}
"""Folders of outputs whose name differs from the chart's, which has one for each cloud."""
each = pytest.mark.parametrize("one", ANSWERS, ids=lambda one: one.component)


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The values of a chart that are not maps, as dotted paths; an empty map counts as a value."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path)


def test_every_chart_is_answered() -> None:
    assert [one.component for one in ANSWERS] == [
        "dcgm-exporter", "dra-driver-nvidia-gpu", "gpu-operator", "k8s-device-plugin", "kai-scheduler", "karpenter",
        "kata-deploy",
        "kueue", "nfd",
    ]  # fmt: skip


@each
def test_an_answer_is_of_a_known_kind_and_what_it_names_exists(one: ChartValues) -> None:
    component = load_catalog().component(one.component)
    assert component
    assert component.version == one.version
    for value, answer in one.places.items():
        kind = next(iter(answer))
        assert kind in KINDS, value
        assert set(answer) <= {kind, "why"}
        if kind == "setting":
            assert set(answer[kind]) <= set(component.settings), value
        if kind == "field":
            assert find_field(fields_of(json_schema()), answer[kind]), value


@each
def test_every_setting_is_the_answer_to_a_value_or_said_to_be_more(one: ChartValues) -> None:
    component = load_catalog().component(one.component)
    assert component
    named = {name for answer in one.places.values() for name in answer.get("setting", ())}
    assert not set(one.more) & named
    assert set(component.settings) - named == set(one.more)


@each
def test_every_value_of_the_chart_has_an_answer_and_no_answer_is_to_nothing(one: ChartValues) -> None:
    """Values that a chart reads without listing them are below a listed value, or beside one."""
    if "BLUEPRINT_REFERENCE" not in os.environ:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with the values of the upstream charts")
    file = Path(
        os.environ["BLUEPRINT_REFERENCE"], FOLDERS.get(one.chart, one.component), one.version, "values-default.yaml"
    )
    values = list(leaves(YAML(typ="safe").load(file.read_text("utf-8"))))
    assert [value for value in values if one.place(value) is None] == []
    unlisted = {key for key in one.places if not any(value == key or value.startswith(f"{key}.") for value in values)}
    assert unlisted <= UNLISTED[one.component]


UNLISTED = {
    "karpenter": set(),
    "dcgm-exporter": {"customMetrics"},
    "gpu-operator": {
        "hostPaths.kubeletRootDir",
        "operator.metrics",
        "driver.livenessProbe",
        "driver.readinessProbe",
        "dcgmExporter.args",
        "dcgmExporter.config",
        "dcgmExporter.hpcJobMapping",
        "dcgmExporter.podLabelAllowlistRegex",
        "gfd.args",
        "migManager.args",
        "nodeStatusExporter.args",
        "nodeStatusExporter.env",
        "vfioManager.args",
        "ccManager.args",
        "ccManager.env",
    },
    "dra-driver-nvidia-gpu": {"maskNvidiaDriverParams"},
    "k8s-device-plugin": {"nvidiaDevRoot", "devicePlugin.enableHostNetwork"},
    "kata-deploy": set[str](),
    "kai-scheduler": set[str](),
    "kueue": set[str](),
    "nfd": set[str](),
}
"""Values that templates of the charts read, but that are not in their values files."""


def test_a_value_is_answered_by_the_longest_key_above_it() -> None:
    one = ChartValues("x", "x", "1", {"a": {"out": ""}, "a.b": {"out": ""}}, {})
    assert [one.place(value) for value in ("a.b.c", "a.d", "b")] == ["a.b", "a", None]
