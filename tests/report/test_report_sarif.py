"""SARIF 2.1.0: the requirements of code scanning. The official schema is used if BLUEPRINT_REFERENCE contains it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from blueprint.diagnostics import Diagnostic, Span
from blueprint.report import Run
from blueprint.report.context import Context
from blueprint.report.formats import sarif
from tests.support import report_sample as sample

LEVELS = {"error", "warning", "note"}


@pytest.fixture
def run(context: Context) -> dict:
    [found] = json.loads(sarif.render(sample.RUNS["findings"], context))["runs"]
    return found


def test_rules_and_results_refer_to_each_other(run: dict) -> None:
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({result["ruleId"] for result in run["results"]})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in LEVELS
        assert result["message"]["text"]
        assert len(result["partialFingerprints"]["blueprint/v1"]) == 64
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in LEVELS


def test_columns_are_code_points_and_paths_are_relative(run: dict) -> None:
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        for location in [*result.get("locations", ()), *result.get("relatedLocations", ())]:
            if physical := location.get("physicalLocation"):
                artifact = physical["artifactLocation"]
                assert artifact["uriBaseId"] in run["originalUriBaseIds"]
                assert not artifact["uri"].startswith(("/", "file:", "%3C", ".."))
                assert physical["region"]["startLine"] >= 1


def test_a_result_carries_its_second_place_and_its_fix(run: dict) -> None:
    [result] = [each for each in run["results"] if each["message"]["text"].startswith("A100")]
    [related] = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "base.yaml"
    [fix] = result["fixes"]
    [replacement] = fix["artifactChanges"][0]["replacements"]
    assert replacement["insertedContent"]["text"] == "1g.10gb"
    region = {"startLine": 11, "startColumn": 35, "endLine": 11, "endColumn": 41}
    assert replacement["deletedRegion"] == region


def test_paths_start_at_the_repository(tmp_path: Path) -> None:
    """A code host names files from the repository's root, wherever the tool was started."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "clusters").mkdir()
    context = Context(base=tmp_path / "clusters", version="1")
    [run] = json.loads(sarif.render(Run("v", "", (sample.DIAGNOSTICS[7],)), context))["runs"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "clusters/base.yaml"


def test_findings_without_a_file_get_that_of_the_blueprint(run: dict) -> None:
    """Code hosts drop results without a file."""
    [result] = [each for each in run["results"] if each["message"]["text"].startswith("GPU 3")]
    [location] = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == sample.PROD
    assert location["logicalLocations"] == [{"fullyQualifiedName": "Node/gpu-07", "kind": "object"}]


def test_without_the_blueprints_file_the_first_file_blamed_is_used(context: Context) -> None:
    """`subject` may be the blueprint's name instead of its file."""
    found = (Diagnostic(sample.KEY, "nowhere"), Diagnostic(sample.KEY, "z", Span("z.yaml", 3, 1, 3, 2)))
    [run] = json.loads(sarif.render(Run("v", "", found, subject={"blueprint": "prod"}), context))["runs"]
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    assert uris == ["z.yaml", "z.yaml"]


@pytest.mark.parametrize("case", sample.RUNS)
def test_the_official_schema_accepts_it(case: str, context: Context) -> None:
    schema = Path(os.environ.get("BLUEPRINT_REFERENCE", "/nonexistent")) / "sarif" / "sarif-schema-2.1.0.json"
    if not schema.is_file():
        pytest.skip("BLUEPRINT_REFERENCE has no sarif/sarif-schema-2.1.0.json")
    log = json.loads(sarif.render(sample.RUNS[case], context))
    errors = jsonschema.Draft4Validator(json.loads(schema.read_text())).iter_errors(log)
    assert [error.message for error in errors] == []
