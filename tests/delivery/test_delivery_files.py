"""Files for Argo CD and Flux: valid, complete, in order, with health checks that agree with ours."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa import LuaRuntime

from blueprint.bundle.layout import MANIFESTS, object_file
from blueprint.bundle.model import Bundle, Object
from blueprint.cel.engine import EvaluationError, compile_expression
from blueprint.cli.main import main
from blueprint.cluster.health import Health, health_of
from blueprint.delivery.expected_writes import ignored_fields
from blueprint.delivery.files import delivery_files
from blueprint.delivery.health import HealthCheck, health_checks
from blueprint.delivery.stages import stages_of
from blueprint.kubernetes.kinds import find_kind
from blueprint.pipeline import compile_blueprint
from blueprint.platform.delivery.model import ArgoCD, Delivery, Flux

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ["h100-training", "dra-pilot", "eks-training"]
ARGOCD = ArgoCD(
    repository="https://git.example/platform.git", revision="main", project="gpus", namespace="argocd",
    server="https://kubernetes.default.svc", self_heal=True,
)  # fmt: skip
FLUX = Flux(source="platform", source_kind="GitRepository", namespace="flux-system", interval="10m", timeout="30m")
DELIVERY = Delivery(path="clusters/prod/bundle", argocd=ARGOCD, flux=FLUX)


@cache
def bundle(example: str) -> Bundle:
    return compile_blueprint(str(ROOT / "examples" / example / "blueprint.yaml")).valid_bundle()


def files(example: str, delivery: Delivery = DELIVERY) -> dict[str, Any]:
    made = bundle(example)
    written = delivery_files(made.name, delivery, made.objects, release=made.release, distribution=made.distribution)
    return {name: yaml.safe_load(content) for name, content in written.items()}


@pytest.mark.parametrize("example", EXAMPLES)
def test_they_are_as_the_definitions_of_their_kinds_say(example: str, tmp_path: Path) -> None:
    made = [each for each in files(example).values() if not each["apiVersion"].startswith("kustomize.config")]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(made))
    assert main(["lint", str(tmp_path / "all.yaml"), "--require-schemas"]) == 0
    made[-1]["spec"]["nonsense"] = 1
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(made))
    assert main(["lint", str(tmp_path / "all.yaml")]) == 1, "the check can fail"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_manifest_belongs_to_one_stage_of_each(example: str) -> None:
    wanted = sorted(object_file(obj.id, obj.component) for obj in bundle(example).objects)
    made = files(example)
    applications = [each for name, each in made.items() if "/stages/" in name]
    included = [
        f"{MANIFESTS}/{name}"
        for each in applications
        for name in each["spec"]["source"]["directory"]["include"].strip("{}").split(",")
    ]
    assert sorted(included) == wanted
    assert {each["spec"]["source"]["path"] for each in applications} == {"clusters/prod/bundle/manifests"}
    listed = [
        (folder, resource)
        for name, each in made.items()
        if (folder := Path("/bundle", name).parent) and name.endswith("kustomization.yaml")
        for resource in each["resources"]
    ]
    found = [(folder / resource).resolve().relative_to("/bundle").as_posix() for folder, resource in listed]
    assert sorted(found) == wanted


@pytest.mark.parametrize("example", EXAMPLES)
def test_stages_follow_one_another(example: str) -> None:
    made = files(example)
    waves = [
        (int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]), each["metadata"]["name"])
        for name, each in made.items()
        if "/stages/" in name
    ]
    assert waves == sorted(waves)
    kustomizations = [each for name, each in made.items() if "/kustomizations/" in name]
    names = [each["metadata"]["name"] for each in kustomizations]
    assert [each["spec"].get("dependsOn") for each in kustomizations] == [
        None, *([{"name": name}] for name in names[:-1])
    ]  # fmt: skip
    paths = {each["spec"]["path"] for each in kustomizations}
    folders = {f"./clusters/prod/bundle/{Path(name).parent}" for name in made if name.endswith("kustomization.yaml")}
    assert paths == folders


def test_definitions_come_before_what_they_define() -> None:
    order = [stage.name for stage in stages_of(bundle("h100-training").objects)]
    assert order.index("definitions") < order.index("workloads") < order.index("custom")


def test_removing_the_delivery_deletes_nothing() -> None:
    made = files("h100-training")
    applications = [each for each in made.values() if each["kind"] == "Application"]
    assert not [each for each in applications if "finalizers" in each["metadata"]]
    assert {each["spec"]["syncPolicy"]["automated"]["prune"] for each in applications} == {False}
    kustomizations = [each for name, each in made.items() if "/kustomizations/" in name]
    assert {(each["spec"]["prune"], each["spec"]["deletionPolicy"]) for each in kustomizations} == {(False, "Orphan")}


def test_only_what_is_requested_is_made() -> None:
    assert {name.split("/")[1] for name in files("h100-training", Delivery(path="x", argocd=ARGOCD))} == {"argocd"}
    assert {name.split("/")[1] for name in files("h100-training", Delivery(path="x", flux=FLUX))} == {"flux"}


def test_a_bundle_at_the_root_of_its_repository_has_no_folder_above() -> None:
    made = files("h100-training", Delivery(path="", argocd=ARGOCD, flux=FLUX))
    sources = {each["spec"]["source"]["path"] for each in made.values() if each["kind"] == "Application"}
    assert sources == {"manifests", "delivery/argocd/stages"}
    paths = [each["spec"]["path"] for name, each in made.items() if "/kustomizations/" in name]
    assert all(path.startswith("./delivery/flux/") for path in paths)


STATUSES: dict[str, dict[str, Any] | None] = {
    "nothing": None,
    "ready": {"state": "ready"},
    "not ready": {"state": "notReady"},
    "available": {"conditions": [{"type": "Available", "status": "True", "message": "m"}]},
    "unavailable": {"conditions": [{"type": "Available", "status": "False"}]},
    "degraded": {"conditions": [{"type": "Available", "status": "True"}, {"type": "Degraded", "status": "True"}]},
    "stale": {"state": "ready", "observedGeneration": 1},
}


def checks() -> list[tuple[HealthCheck, str]]:
    kinds = [
        ("nvidia.com", "v1", "ClusterPolicy"),
        ("mellanox.com", "v1alpha1", "NicClusterPolicy"),
        ("nfd.openshift.io", "v1", "NodeFeatureDiscovery"),
        ("nvidia.com", "v1alpha1", "NVIDIADriver"),
    ]
    objects = [
        Object({"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": "x"}}, "c")
        for group, version, kind in kinds
    ]
    found = health_checks(objects, "2026.11")
    assert {each.kind for each in found} == {kind for _, _, kind in kinds}
    return [(check, status) for check in found for status in STATUSES]


@pytest.mark.parametrize(("check", "name"), checks(), ids=lambda each: each if isinstance(each, str) else each.kind)
def test_health_in_lua_is_ours(check: HealthCheck, name: str) -> None:
    """As Argo CD runs it: a chunk of Lua with `obj` that returns a table."""
    live = _live(check, name)
    lua = LuaRuntime(unpack_returned_tuples=True)
    found = lua.eval(f"function(obj) {check.lua} end")(lua.table_from(live, recursive=True))
    ours = health_of(live, "2026.11")
    assert ours is not None
    assert (found["status"] == "Healthy") is (ours.health is Health.HEALTHY)
    assert found["status"] in ("Healthy", "Progressing", "Degraded")
    assert isinstance(found["message"], str)


@pytest.mark.parametrize(("check", "name"), checks(), ids=lambda each: each if isinstance(each, str) else each.kind)
def test_health_in_cel_is_ours(check: HealthCheck, name: str) -> None:
    """As Flux runs it: first the generations, then failure, then readiness; anything else is in progress."""
    live = _live(check, name)
    status = live.get("status")
    if status is None or ("observedGeneration" in status and status["observedGeneration"] != 2):
        current = False
    else:
        failed = bool(check.failed) and _evaluated(check.failed, live)
        current = not failed and _evaluated(check.current, live)
    ours = health_of(live, "2026.11")
    assert ours is not None
    assert current is (ours.health is Health.HEALTHY)


def _live(check: HealthCheck, name: str) -> dict[str, Any]:
    live: dict[str, Any] = {
        "apiVersion": f"{check.group}/{check.version}", "kind": check.kind, "metadata": {"name": "x", "generation": 2}
    }  # fmt: skip
    if (status := STATUSES[name]) is not None:
        live["status"] = status
    return live


def _evaluated(expression: str, live: dict[str, Any]) -> bool:
    try:
        return bool(compile_expression(expression, tuple((name, "dyn") for name in live)).evaluate(live))
    except EvaluationError:
        return False


def test_every_rendered_custom_kind_with_a_state_has_a_check() -> None:
    made = bundle("h100-training")
    found = {check.kind for check in health_checks(made.objects, made.release)}
    assert found == {"ClusterPolicy", "NicClusterPolicy"}
    data = files("h100-training")["delivery/argocd/argocd-cm.yaml"]["data"]
    assert {key.rpartition("_")[2] for key in data} == found | {"Application"}
    assert find_kind("nvidia.com", "ClusterPolicy", made.release).ready


def test_what_others_write_into_our_objects_is_not_drift() -> None:
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "h"}, "webhooks": [{"name": "a", "clientConfig": {}}, {"name": "b", "clientConfig": {}}],
    }  # fmt: skip
    plain = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {}}
    [found] = ignored_fields([Object(hook, "c"), Object(plain, "c")], "vanilla")
    assert set(found.pointers) >= {"/webhooks/0/clientConfig/caBundle", "/webhooks/1/clientConfig/caBundle"}
    assert all(re.fullmatch(r"(/[^/]+)+", each) for each in found.pointers)


def test_replicas_are_left_to_an_autoscaler_where_there_is_one() -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 1}}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "d"}, "spec": {}}
    assert ignored_fields([Object(deployment, "c")], "vanilla") == []
    found = ignored_fields([Object(deployment, "c"), Object(scaler, "c")], "vanilla")
    assert ("Deployment", ("/spec/replicas",)) in [(each.id.kind, each.pointers) for each in found]
