"""Checklists are complete, evidence is quoted, and nothing is called proven."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from blueprint.bundle.model import Bundle, Object
from blueprint.cli.main import main
from blueprint.conformance.checklists import LiveEvidence, checklists
from blueprint.conformance.formats import FORMATS
from blueprint.conformance.judge import NotReadable, Standing, findings
from blueprint.pipeline import compile_blueprint
from blueprint.records import replace
from tests.conftest import SharedLab

EXAMPLE = "examples/rack-aware-training/blueprint.yaml"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_blueprint(EXAMPLE).valid_bundle()


@pytest.mark.parametrize(("version", "number"), [("1.34", 9), ("1.35", 12), ("1.36", 14), ("1.37", 15)])
def test_a_checklist_has_as_many_items_as_upstream(version: str, number: int) -> None:
    assert len(checklists().of(version)) == number


def test_levels_are_those_of_the_version() -> None:
    assert Counter(each.levels["1.37"] for each in checklists().of("1.37").values()) == {"MUST": 8, "SHOULD": 7}
    assert checklists().items["dra_support"].levels == {"1.34": "MUST", "1.35": "MUST"}


def test_evidence_names_the_objects_that_are_rendered(bundle: Bundle) -> None:
    found = {each.id: each for each in findings(bundle, "1.36")}
    assert found["gang_scheduling"].static == (
        "queues that admit workloads as a whole: ClusterQueue/pretraining; ClusterQueue/research",
    )
    assert found["gang_scheduling"].standing is Standing.SHOWN
    assert found["gang_scheduling"].live is None, "no cluster was asked"


def test_without_evidence_an_item_is_unknown(bundle: Bundle) -> None:
    found = {each.id: each for each in findings(bundle, "1.36")}
    assert found["secure_accelerator_access"].standing is Standing.UNKNOWN
    assert all(each.item.run in each.missing for each in found.values()), "evidence does not spare the run"


def test_an_exporter_that_is_switched_off_is_not_evidence(bundle: Bundle) -> None:
    def shown(objects: tuple[Object, ...]) -> tuple[str, ...]:
        found = findings(replace(bundle, objects=objects), "1.36")
        return next(each.static for each in found if each.id == "accelerator_metrics")

    [policy] = [each for each in bundle.objects if each.id.kind == "ClusterPolicy"]
    off = {**policy.data, "spec": {**policy.data["spec"], "dcgmExporter": {"enabled": False}}}
    assert shown((policy,)) != ()
    assert shown((Object(off, policy.component),)) == ()


def test_cluster_evidence_is_shown_beside_and_unreadable_parts_are_named(bundle: Bundle) -> None:
    def look(evidence: LiveEvidence) -> str | None:
        if evidence.kind == "ClusterQueue":
            raise NotReadable("forbidden")
        return "GatewayClass gate" if evidence.kind == "GatewayClass" else None

    found = {each.id: each for each in findings(bundle, "1.36", look)}
    assert found["ai_inference"].live == ("an implementation of the Gateway API: GatewayClass gate",)
    assert found["gang_scheduling"].unseen == ("kueue.x-k8s.io/v1beta2: forbidden",)
    assert found["pod_autoscaling"].live == ()


def test_no_format_claims_more_than_was_shown(bundle: Bundle) -> None:
    found = findings(bundle, "1.37")
    texts = {name: write(bundle, "1.37", found) for name, write in FORMATS.items()}
    submission = yaml.safe_load(texts["yaml"])
    items = [each for section in submission["spec"].values() for each in section]
    assert {each["status"] for each in items} == {""}
    assert {each["id"] for each in items} == set(checklists().of("1.37"))
    assert len(json.loads(texts["json"])["items"]) == len(found)
    suite = ET.fromstring(texts["junit"])  # noqa: S314 - ours
    assert len(suite.findall("testcase/skipped")) == len(found), "a run that was not done passes nothing"
    assert "Implemented" not in "".join(texts.values())
    assert all(each.id in texts["table"] for each in found)


SECTIONS = {
    "accelerators": {"driver_runtime_management", "gpu_sharing", "virtualized_accelerator"},
    "networking": {
        "ai_inference",
        "advanced_inference_ingress",
        "high_performance_networking",
        "disaggregated_inference",
    },
    "schedulingOrchestration": {"gang_scheduling", "cluster_autoscaling", "pod_autoscaling"},
    "observability": {"accelerator_metrics", "ai_service_metrics"},
    "security": {"secure_accelerator_access", "workload_sandboxing"},
    "operator": {"robust_controller"},
}
"""The sections of upstream's docs/AIConformance-1.37.yaml."""
METADATA = {
    "kubernetesVersion", "platformName", "platformVersion", "vendorName", "websiteUrl", "repoUrl", "documentationUrl",
    "productLogoUrl", "description", "contactEmailAddress", "k8sConformanceUrl",
}  # fmt: skip
"""The fields that upstream's scripts/validate.go reads."""


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36", "1.37"])
def test_a_submission_has_the_form_of_upstreams_template(bundle: Bundle, version: str) -> None:
    """What upstream's validator requires: all sections with all items, and all fields, each of its type."""
    submission = yaml.safe_load(FORMATS["yaml"](bundle, version, findings(bundle, version)))
    assert set(submission) == {"metadata", "spec"}
    assert set(submission["metadata"]) == METADATA
    assert all(isinstance(value, str) for value in submission["metadata"].values())
    assert submission["metadata"]["kubernetesVersion"] == f"v{version}"
    named = {name: {each["id"] for each in section} for name, section in submission["spec"].items()}
    wanted = {**SECTIONS, "accelerators": SECTIONS["accelerators"] | {"dra_support"}}
    items = set(checklists().of(version))
    assert named == {name: ids & items for name, ids in wanted.items() if ids & items}
    for each in (item for section in submission["spec"].values() for item in section):
        assert list(each) == ["id", "description", "level", "status", "evidence", "notes"]
        assert each["level"] in {"MUST", "SHOULD"}
        assert (each["status"], each["evidence"]) == ("", [])
        assert len(each["description"]) > 50
        assert each["notes"]


def test_the_verb_ends_with_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", EXAMPLE, "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["checklist"] == "1.36"


def test_a_version_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", EXAMPLE, "--version", "1.99"]) == 2
    assert "1.99" in capsys.readouterr().err


@pytest.mark.lab
def test_a_real_api_server_is_asked(lab: SharedLab, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It has the RuntimeClass that the test creates, but no Gateway API."""
    runtime: dict[str, Any] = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "sandbox"}
    runtime["metadata"] = {"name": "conformance-sandbox"}
    (tmp_path / "runtime.yaml").write_text(yaml.safe_dump(runtime))
    lab.kubectl("apply", "-f", str(tmp_path / "runtime.yaml"))
    try:
        arguments = ["--version", "1.37", "--live", "--kubeconfig", str(lab.kubeconfig), "--format", "json"]
        assert main(["conformance", EXAMPLE, *arguments]) == 3
    finally:
        lab.kubectl("delete", "runtimeclass", "conformance-sandbox")
    items = {each["id"]: each for each in json.loads(capsys.readouterr().out)["items"]}
    assert any("conformance-sandbox" in text for text in items["workload_sandboxing"]["live"])
    assert items["ai_inference"]["live"] == []
