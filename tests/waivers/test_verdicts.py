"""Verdict and exit code of drift, plan and probe without waived findings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blueprint.bundle.expectations_file import expectations_file
from blueprint.cli import waiving
from blueprint.cli.main import main
from blueprint.cli.run_results import plan_run
from blueprint.cluster import codes as cluster_codes
from blueprint.cluster.plan_model import Plan
from blueprint.diagnostics import Code, Diagnostic, Span
from blueprint.drift import codes as drift_codes
from blueprint.drift.detect import as_run
from blueprint.drift.diagnostics import diagnostics_of
from blueprint.drift.model import DriftReport, Finding, FindingKind
from blueprint.probe.checks.ecc_mode import ECC_MODE
from blueprint.report.model import Coverage, Run
from blueprint.report.waiving import with_waivers
from blueprint.waivers.engine import Waivers
from blueprint.waivers.model import Waiver
from tests.support.drift_platform import bundle_of
from tests.support.probe_examples import READINGS, expect

TODAY = date(2026, 11, 29)


def waiver(code: Code, subject: str = "", path: str = "") -> Waiver:
    return Waiver(code, "r", "o", TODAY, Span("waivers.yaml", 4, 5, 4, 9), subject, path)


def applied(run: Run, *entries: Waiver) -> Run:
    return with_waivers(run, Waivers(entries, TODAY), lambda *_: False)


EDITED = Finding(FindingKind.MODIFIED, "Deployment/a/web", "spec.replicas", 1, 2)
LOST = Finding(FindingKind.OWNERSHIP_LOST, "Deployment/a/web", "spec.paused", seen=())
UNDECIDED = Finding(FindingKind.UNKNOWN, "Deployment/a/db", "spec.x", 1, 2)
ON_NODE = Diagnostic(ECC_MODE, "ECC is off (node gpu-07)", subject="Node/gpu-07")


def drift(*findings: Finding, others: tuple[Diagnostic, ...] = (), unknown: int = 0) -> Run:
    report = DriftReport(
        findings,
        (*diagnostics_of(findings), *others),
        (Coverage("objects", 3, unknown),),
        failed=any(each.is_drift for each in findings) or bool(others),
        refuted={"gpu-07": 2} if others else {},
    )
    return as_run(report, "drift")


def test_drift_that_is_waived_does_not_count() -> None:
    run = drift(EDITED)
    assert run.exit_code == 1
    waived = applied(run, waiver(drift_codes.MODIFIED, "Deployment/a/*", "spec.replicas"))
    assert waived.exit_code == 0
    assert waived.verdict == "No drift: everything that was examined is as declared."


def test_other_drift_stands_also_where_it_is_a_warning() -> None:
    waived = applied(drift(EDITED, LOST), waiver(drift_codes.MODIFIED, "Deployment/a/*"))
    assert waived.exit_code == 1
    assert waived.verdict.startswith("Drift: 1 difference in 1 object")


def test_what_is_unknown_stays_unknown() -> None:
    waived = applied(drift(EDITED, UNDECIDED, unknown=1), waiver(drift_codes.MODIFIED, "Deployment/a/*"))
    assert waived.exit_code == 3
    assert waived.verdict.startswith("Unknown")


def test_what_readings_contradict_is_waived_by_node() -> None:
    run = drift(EDITED, others=(ON_NODE,))
    assert "2 contradictions in the readings of 1 node" in run.verdict
    objects = applied(run, waiver(drift_codes.MODIFIED, "Deployment/a/*"))
    assert (objects.exit_code, "in the readings of 1 node" in objects.verdict) == (1, True)
    node = applied(run, waiver(ECC_MODE, "Node/gpu-0?"))
    assert (node.exit_code, "readings" in node.verdict) == (1, False)
    assert applied(run, waiver(ECC_MODE, "Node/*"), waiver(drift_codes.MODIFIED, "Dep*")).exit_code == 0


def test_a_conflict_of_a_plan_is_waived() -> None:
    conflict = Diagnostic(cluster_codes.CONFLICT, "x", subject="Deployment/a/web", path="spec.replicas")
    endpoint = SimpleNamespace(server="https://127.0.0.1:6443")
    connection = cast("Any", SimpleNamespace(context="lab", endpoint=endpoint, version="v1.36.3"))
    plan = Plan(bundle_of("prod", []), "", "v1.36.3", None, (), diagnostics=(conflict,))
    run = plan_run(plan, connection, changes_are_findings=False)
    assert run.exit_code == 1
    assert applied(run, waiver(cluster_codes.CONFLICT, "Deployment/a/*")).exit_code == 0
    assert applied(run, waiver(cluster_codes.CONFLICT, "Deployment/b/*")).exit_code == 1


def test_a_probe_with_what_is_waived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(waiving, "today", lambda: TODAY)
    expected = [expect("ecc-mode", False), expect("gpu-count", 4)]
    (tmp_path / "expectations.json").write_bytes(expectations_file(expected))
    arguments = ["probe", "--reading", str(READINGS / "h100x8-healthy.json"), "--expect", "expectations.json"]
    arguments += ["--pool", "train", "--report", "json=report.json"]

    def entry(code: str) -> str:
        return f"  - {{code: {code}, subject: Node/*, reason: r, owner: o, expires: 2027-03-31}}\n"

    head = "apiVersion: gpublueprint.dev/v1alpha1\nkind: Waivers\nwaivers:\n"
    assert main(arguments) == 1
    (tmp_path / "waivers.yaml").write_text(head + entry("ecc-mode"))
    assert main(arguments) == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert [each["slug"] for each in report["waived"]] == ["ecc-mode"]
    (tmp_path / "waivers.yaml").write_text(head + entry("ecc-mode") + entry("gpu-count"))
    assert main(arguments) == 0
    (tmp_path / "waivers.yaml").write_text(head + entry("ecc-mode") + entry("gpu-count") + entry("fact-unreadable"))
    assert main(arguments) == 1, "the file has a mistake"
