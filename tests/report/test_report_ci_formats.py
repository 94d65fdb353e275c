"""Formats for continuous integration, checked against their readers: JUnit, GitLab code quality, CycloneDX, concise."""

from __future__ import annotations

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped
from packageurl import PackageURL

from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.report import Run
from blueprint.report.context import Context
from blueprint.report.formats import concise, cyclonedx, gitlab, junit
from blueprint.report.model import ReportedImage
from blueprint.report.output import destinations
from blueprint.report.record import record_of
from tests.support import report_sample as sample

RUNS = pytest.mark.parametrize("run", sample.RUNS.values(), ids=sample.RUNS)
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/|\.\.)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""GitLab's documentation of accepted code quality reports: there is no published schema."""
DIGEST = "sha256:" + "0" * 64
IMAGES = (
    ReportedImage("nvcr.io/nvidia/driver:580", "nvcr.io/nvidia/driver", "580", None, "gpu-operator", "operator"),
    ReportedImage(f"reg.example:5000/a/B@{DIGEST}", "reg.example:5000/a/B", "", DIGEST, "nfd", "manifest"),
)


@RUNS
def test_junit_is_accepted_by_its_readers(run: Run, context: Context) -> None:
    xml = JUnitXml.fromstring(junit.render(run, context).encode())
    [suite] = list(xml)
    cases = list(suite)
    results = [type(result) for case in cases for result in case.result]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(cases), results.count(Failure), results.count(Error), results.count(Skipped)
    )  # fmt: skip
    errors = record_of(run).counts[Severity.ERROR]
    assert sum(case.classname != "verdict" and case.is_failure for case in cases) == errors


@RUNS
def test_a_suite_fails_exactly_where_the_command_does(run: Run, context: Context) -> None:
    [suite] = list(JUnitXml.fromstring(junit.render(run, context).encode()))
    verdict = list(suite)[-1]
    assert verdict.classname == "verdict"
    [result] = verdict.result or [None]
    expected = {0: type(None), 1: Failure, 3: Skipped}.get(run.exit_code, Error)
    assert isinstance(result, expected)


def test_text_from_outside_is_not_markup_in_junit(context: Context) -> None:
    found = Diagnostic(sample.KEY, 'a </failure> & "b" \x00 \x1b[2J \ufffe \ud800', subject="<x/>")
    [case, _] = list(
        next(iter(JUnitXml.fromstring(junit.render(Run("v", "", (found,), exit_code=1), context).encode())))
    )
    assert case.result[0].message.startswith('a </failure> & "b" \\x00 \\x1b[2J')


@RUNS
def test_gitlab_accepts_every_finding(run: Run, context: Context) -> None:
    issues = json.loads(gitlab.render(run, context))
    Draft202012Validator(CODE_QUALITY).validate(issues)
    record = record_of(run)
    assert [issue["fingerprint"] for issue in issues] == [each.fingerprint for each in record.findings]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert sum(issue["severity"] == "critical" for issue in issues) == record.counts[Severity.ERROR]


def test_what_is_not_a_file_of_the_repository_gets_a_first_line(context: Context) -> None:
    [issue] = json.loads(gitlab.render(Run("v", "", (Diagnostic(sample.KEY, "x"),)), context))
    assert issue["location"] == {"path": "blueprint.yaml", "lines": {"begin": 1}}


def test_cyclonedx_is_as_its_official_schema_says(context: Context) -> None:
    run = Run("images", "", subject={"blueprint": "x", "version": "1.0.0", "digest": "sha256:1"}, images=IMAGES)
    text = cyclonedx.render(run, context)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert [each["name"] for each in bill["components"]] == [image.name for image in IMAGES]
    assert text == cyclonedx.render(run, context)
    broken = text.replace('"CycloneDX"', '"Cyclone"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None, "the check can fail"


def test_package_urls_are_those_of_oci_images(context: Context) -> None:
    bill = json.loads(cyclonedx.render(Run("images", "", images=IMAGES), context))
    driver, other = [PackageURL.from_string(each["purl"]) for each in bill["components"]]
    assert (driver.type, driver.name, driver.version) == ("oci", "driver", None)
    assert driver.qualifiers == {"repository_url": "nvcr.io/nvidia/driver", "tag": "580"}
    assert (other.name, other.version) == ("b", DIGEST)
    assert other.qualifiers == {"repository_url": "reg.example:5000/a/B"}


def test_the_serial_number_follows_the_images(context: Context) -> None:
    def serial(run: Run) -> str:
        return json.loads(cyclonedx.render(run, context))["serialNumber"]

    assert serial(Run("images", "", images=IMAGES)) == serial(Run("images", "other title", images=IMAGES))
    assert serial(Run("images", "", images=IMAGES)) != serial(Run("images", "", images=IMAGES[:1]))


def test_a_bill_of_materials_is_of_images_alone() -> None:
    with pytest.raises(Refused, match="the format cyclonedx is only for `images`, not for validate"):
        destinations(["cyclonedx"], "validate")
    assert destinations(["cyclonedx"], "images")


@RUNS
def test_concise_has_one_line_for_each_finding(run: Run, context: Context) -> None:
    lines = concise.render(run, context).splitlines()
    found = [line for line in lines if re.match(r"(?:\S+:\d+:\d+: )?(?:error|warning|note)\[BP\d{4}\] ", line)]
    assert len(found) == len(record_of(run).findings)
    assert lines[-1].startswith(f"blueprint {run.verb}: ")
