"""Rules do what they say: evaluated by Prometheus' own code on series that we made up."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.monitoring import load_monitoring
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.observed_platform import HERE, objects, rules

TESTS = sorted((HERE / "rules" / "watched").glob("*.test.yaml"))
ELSEWHERE = sorted((HERE / "rules" / "claims").glob("*.test.yaml"))
ALONE = sorted((HERE / "rules" / "claims-alone").glob("*.test.yaml"))
WITH_WORDS = "GpusMissing"
"""The alert whose annotations are compared too; of the others only labels are."""


def run(promtool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def folder(watched: Compilation, tmp_path: Path) -> Path:
    """The rules as Prometheus reads them, one file for each object, with the tests beside them."""
    write_rules(watched, tmp_path)
    for file in TESTS:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    return tmp_path


def write_rules(compilation: Compilation, folder: Path) -> None:
    for name, one in objects(compilation, "PrometheusRule").items():
        groups = [{**group, "rules": [_bare(rule) for rule in group["rules"]]} for group in one["spec"]["groups"]]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))


def _bare(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "annotations" or rule.get("alert") == WITH_WORDS}


def test_prometheus_accepts_every_rule_with_its_words(promtool: str, watched: Compilation, tmp_path: Path) -> None:
    for name, one in objects(watched, "PrometheusRule").items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(one["spec"]))
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *tmp_path.glob("*.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = sum(int(count) for count in re.findall(r"(\d+) rules found", done.stdout))
    assert found == len(list(rules(watched))) > 60


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_rules_on_series(promtool: str, folder: Path, file: Path) -> None:
    done = run(promtool, "test", "rules", folder / file.name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", ELSEWHERE, ids=lambda file: file.name)
def test_rules_where_pods_claim_gpus(promtool: str, tmp_path: Path, file: Path) -> None:
    write_rules(compile_blueprint(str(HERE / "stacks" / "claims.yaml")), tmp_path)
    (tmp_path / file.name).write_text(file.read_text("utf-8"))
    done = run(promtool, "test", "rules", tmp_path / file.name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", ALONE, ids=lambda file: file.name)
def test_rules_of_a_driver_without_the_operator(promtool: str, tmp_path: Path, file: Path) -> None:
    write_rules(compile_blueprint(str(HERE / "stacks" / "claims-alone.yaml")), tmp_path)
    (tmp_path / file.name).write_text(file.read_text("utf-8"))
    done = run(promtool, "test", "rules", tmp_path / file.name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_does_something_else_is_found(promtool: str, folder: Path) -> None:
    """The tests can fail."""
    broken = folder / "gpu-alerts.train.yaml"
    text = broken.read_text()
    assert text.count("> 686") == 1
    broken.write_text(text.replace("> 686", "> 695"))
    assert run(promtool, "test", "rules", folder / "health.test.yaml").returncode != 0


def alerts_fired(key: str) -> Iterator[str]:
    for file in (*TESTS, *ELSEWHERE, *ALONE):
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for each in test.get("alert_rule_test", ()):
                if each["exp_alerts"]:
                    yield each[key]


def test_every_alert_is_seen_to_fire() -> None:
    component = load_catalog().component("gpu-observability")
    assert component
    assert set(alerts_fired("alertname")) == set(load_monitoring(component.folder).alerts.alerts)
