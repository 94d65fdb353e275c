"""The effect of the rules: Prometheus' own code evaluates them on synthetic series."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.observed_platform import HERE, defined_alerts, objects, rules
from tests.support.waits import PATIENCE
from tests.support.yaml_data import yaml_data

BLUEPRINTS = {
    "watched": HERE / "watched.yaml",
    **{
        name: HERE / "stacks" / f"{name}.yaml"
        for name in ("claims", "claims-alone", "kai", "queues", "team-claims", "reactions", "provisioning")
    },
}
"""The blueprint from which the rules for a folder of tests are compiled."""
TESTS = [file for name in BLUEPRINTS for file in sorted((HERE / "rules" / name).glob("*.test.yaml"))]
WITH_WORDS = "GpusMissing"
"""The alert whose annotations are compared as well; for the others only labels are."""


def run(promtool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [promtool, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def write_rules(compilation: Compilation, folder: Path) -> None:
    for name, one in objects(compilation, "PrometheusRule").items():
        groups = [{**group, "rules": [_bare(rule) for rule in group["rules"]]} for group in one["spec"]["groups"]]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))


def _bare(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "annotations" or rule.get("alert") == WITH_WORDS}


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_prometheus_accepts_every_rule_with_its_words(promtool: str, name: str, tmp_path: Path) -> None:
    compilation = compiled_once(name)
    for file, one in objects(compilation, "PrometheusRule").items():
        (tmp_path / f"{file}.yaml").write_text(yaml.safe_dump(one["spec"]))
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *tmp_path.glob("*.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = sum(int(count) for count in re.findall(r"(\d+) rules found", done.stdout))
    assert found == len(list(rules(compilation))) >= 60


@cache
def compiled_once(name: str) -> Compilation:
    return compile_blueprint(str(BLUEPRINTS[name]))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_rules_on_series(promtool: str, tmp_path: Path, file: Path) -> None:
    """The rules as Prometheus reads them, one file for each object, with the test next to them."""
    write_rules(compiled_once(file.parent.name), tmp_path)
    (tmp_path / file.name).write_text(file.read_text("utf-8"))
    done = run(promtool, "test", "rules", tmp_path / file.name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", TESTS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_what_is_evaluated_seldom_has_an_order(file: Path) -> None:
    """Promtool evaluates groups in any order, and an alert sees only what was recorded in the last five minutes."""
    test = yaml_data(file)
    minutes = test["evaluation_interval"]
    assert minutes in {"30s", "1m", "4m"} or test.get("group_eval_order"), f"{minutes} without group_eval_order"


def test_a_rule_that_does_something_else_is_found(promtool: str, tmp_path: Path) -> None:
    """The tests can fail."""
    write_rules(compiled_once("watched"), tmp_path)
    (tmp_path / "health.test.yaml").write_text((HERE / "rules" / "watched" / "health.test.yaml").read_text("utf-8"))
    broken = tmp_path / "gpu-alerts.train.yaml"
    text = broken.read_text()
    assert text.count("> 686") == 1
    broken.write_text(text.replace("> 686", "> 695"))
    assert run(promtool, "test", "rules", tmp_path / "health.test.yaml").returncode != 0


def alerts_fired(key: str) -> Iterator[str]:
    for file in TESTS:
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for each in test.get("alert_rule_test", ()):
                if each["exp_alerts"]:
                    yield each[key]


def test_every_alert_is_seen_to_fire() -> None:
    assert set(alerts_fired("alertname")) == set(defined_alerts())
