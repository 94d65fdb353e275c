"""A rejected update is called immutable only if it is; fields of others that block an update are taken over."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError, error_from
from blueprint.changes.compare import Action
from blueprint.cluster.consent import Consent
from blueprint.cluster.plan import make_plan
from tests.support.bundles import Data, apply, bundle, config_map, deployment, line_of, namespace
from tests.support.waits import eventually

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
POD = "/spec/template/spec"
MAIN = f"{POD}/containers/0"


def service(where: str, **spec: Any) -> Data:
    meta = {"name": "front", "namespace": where}
    port = {"name": "http", "port": 80, "protocol": "TCP"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [port], **spec}}


def full(where: str) -> Data:
    """A Deployment with every union and keyed list that an editor might change."""
    data = deployment(where)
    data["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 1}}
    pod = data["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "v", "configMap": {"name": "c"}}]
    main = pod["containers"][0]
    main["ports"] = [{"name": "http", "containerPort": 80, "protocol": "TCP"}]
    main["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
    main["livenessProbe"] = {"httpGet": {"path": "/", "port": 80}}
    return data


Edit = tuple[Callable[[str], Data], str, Any, str]
"""The object, the type of patch, the patch, and the field that then blocks an update."""
EDITS: dict[str, Edit] = {
    "a port of a Service renumbered": (
        service, JSON_PATCH, [{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}], "spec.ports[name=http]",
    ),
    "a port of a Service given another protocol": (
        service, JSON_PATCH, [{"op": "replace", "path": "/spec/ports/0/protocol", "value": "UDP"}],
        "spec.ports[name=http]",
    ),
    "a volume of another type": (
        full, JSON_PATCH, [{"op": "replace", "path": f"{POD}/volumes/0", "value": {"name": "v", "emptyDir": {}}}],
        "spec.template.spec.volumes[name=v].emptyDir",
    ),
    "a probe of another type": (
        full, JSON_PATCH,
        [
            {"op": "remove", "path": f"{MAIN}/livenessProbe/httpGet"},
            {"op": "add", "path": f"{MAIN}/livenessProbe/exec", "value": {"command": ["true"]}},
        ],
        "spec.template.spec.containers[name=main].livenessProbe.exec",
    ),
    "a variable from elsewhere": (
        full, JSON_PATCH,
        [
            {
                "op": "replace", "path": f"{MAIN}/env/0",
                "value": {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            }
        ],
        "spec.template.spec.containers[name=main].env[name=A].valueFrom",
    ),
    "another strategy": (
        full, MERGE, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}, "spec.strategy.type",
    ),
    "a mount moved under the same volume": (
        full, JSON_PATCH,
        [
            {"op": "remove", "path": f"{POD}/volumes/0/configMap"},
            {"op": "add", "path": f"{POD}/volumes/0/secret", "value": {"secretName": "s"}},
            {"op": "add", "path": f"{POD}/hostNetwork", "value": True},
        ],
        "spec.template.spec.volumes[name=v].secret",
    ),
}  # fmt: skip


def url(cluster: Connection, data: Data) -> str:
    plural = {"Service": "/api/v1/{}services", "Deployment": "/apis/apps/v1/{}deployments"}[data["kind"]]
    where = f"namespaces/{data['metadata']['namespace']}/"
    return f"{plural.format(where)}/{data['metadata']['name']}"


@pytest.mark.parametrize("edit", EDITS)
def test_what_an_editor_put_in_the_way_is_taken_over_and_nothing_is_deleted(cluster, unique, edit: str) -> None:
    make, how, patch, obstacle = EDITS[edit]
    data = make(unique)
    wanted = bundle(unique, namespace(unique), data)
    assert apply(wanted, cluster).exit_code == 0
    path = url(cluster, data)
    uid = cluster.get(path)["metadata"]["uid"]
    cluster.patch(path, patch, "kubectl-edit", how)

    step = next(s for s in make_plan(wanted, cluster).steps if s.id.kind == data["kind"])
    assert step.action is Action.UPDATE
    assert [c.spelt[0] for c in step.conflicts if c.in_the_way] == [obstacle]

    refused = apply(wanted, cluster, replace=True)
    assert refused.exit_code == 1
    assert {d.code.id for d in refused.diagnostics} <= {"BP7060", "BP7030"}
    assert cluster.get(path)["metadata"]["uid"] == uid

    named = Consent(named=(str(step.id),))
    done = apply(wanted, cluster, force_conflicts=named)
    assert done.exit_code == 0, done.diagnostics
    assert "kubectl-edit" in " ".join(d.message for d in done.diagnostics if d.code.id == "BP7031")
    live = cluster.get(path)
    assert live["metadata"]["uid"] == uid
    assert [s.action for s in make_plan(wanted, cluster).steps] == [Action.UNCHANGED] * 2


def test_what_is_not_in_the_way_stays(cluster, unique) -> None:
    """Of two foreign changes only the conflicting one is removed."""
    wanted = bundle(unique, namespace(unique), service(unique))
    assert apply(wanted, cluster).exit_code == 0
    path = url(cluster, service(unique))
    patch = [
        {"op": "replace", "path": "/spec/ports/0/port", "value": 8080},
        {"op": "add", "path": "/spec/ports/-", "value": {"name": "extra", "port": 9, "protocol": "TCP"}},
        {"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"},
    ]
    cluster.patch(path, patch, "kubectl-edit", JSON_PATCH)

    assert apply(wanted, cluster, force_conflicts=True).exit_code == 0

    spec = cluster.get(path)["spec"]
    assert sorted(p["port"] for p in spec["ports"]) == [9, 80]
    assert spec["sessionAffinity"] == "ClientIP"


POLICY = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


@pytest.fixture
def policy(cluster, unique):
    """A policy that rejects every change of our ConfigMap's data, with a message that resembles the server's."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}
    expression = f"object.metadata.namespace != '{unique}' || object.data == oldObject.data"
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": expression, "message": "data: Forbidden: field is immutable"}],
    }
    meta = {"metadata": {"name": unique}}
    binding = {**meta, "spec": {"policyName": unique, "validationActions": ["Deny"]}}
    cluster.post(POLICY, {**meta, "spec": spec}, "tests")
    cluster.post(f"{POLICY.replace('policies', 'policybindings')}", binding, "tests")
    yield
    cluster.delete(f"{POLICY}/{unique}")
    cluster.delete(f"{POLICY.replace('policies', 'policybindings')}/{unique}")


def refuses(cluster: Connection, unique: str) -> bool:
    body = {"data": {"mode": "other"}}
    query = {"fieldManager": "tests", "dryRun": "All"}
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    try:
        cluster.request("PATCH", path, body, query=query, content_type=MERGE)
    except ApiError:
        return True
    return False


def test_a_refusal_by_a_policy_never_leads_to_a_deletion(cluster, unique, policy) -> None:
    """It rejects updates but not creation, with status 422, and says that the field is immutable."""
    assert apply(bundle(unique, namespace(unique), config_map(unique)), cluster).exit_code == 0
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    uid = cluster.get(path)["metadata"]["uid"]
    eventually(lambda: refuses(cluster, unique), "the policy is enforced", pause=0.2)

    wanted = bundle(unique, namespace(unique), config_map(unique, mode="lax"), digest="d2")
    named = Consent(everything=True, named=(f"ConfigMap/{unique}/settings",))
    outcome = apply(wanted, cluster, replace=named, force_conflicts=True)

    assert [d.code.id for d in outcome.diagnostics] == ["BP7033"]
    assert cluster.get(path)["metadata"]["uid"] == uid


def test_what_a_webhook_calls_immutable_is_not_proven_so() -> None:
    """A webhook may send status 422 with causes and fields; the API server's prefix shows that it was a webhook."""
    cause = {"reason": "FieldValueInvalid", "field": "spec.size", "message": "field is immutable"}
    body = {"kind": "Status", "reason": "Invalid", "details": {"causes": [cause]}}
    own = {**body, "message": 'Widget.example.org "w" is invalid: spec.size: field is immutable'}
    hook = {**body, "message": 'admission webhook "w.example.org" denied the request: spec.size: field is immutable'}
    assert error_from(422, orjson.dumps(own), "PATCH").by_validation
    assert not error_from(422, orjson.dumps(hook), "PATCH").by_validation


def test_a_map_that_somebody_froze_is_replaced_only_as_the_server_says(cluster, unique) -> None:
    """`immutable: true` cannot be removed: this is verified, and nothing of value is lost."""
    assert apply(bundle(unique, namespace(unique), config_map(unique)), cluster).exit_code == 0
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    cluster.patch(path, {"immutable": True}, "kubectl-edit", MERGE)
    wanted = bundle(unique, namespace(unique), config_map(unique, mode="lax"), digest="d2")

    [step] = [s for s in make_plan(wanted, cluster).steps if s.id.kind == "ConfigMap"]

    assert (step.action, step.replaceable, step.loses) == (Action.REPLACE, True, ())
    assert apply(wanted, cluster, replace=True).exit_code == 0
    assert cluster.get(path)["data"] == {"mode": "lax"}


RULED = "ruled.example.org"


def ruled_definition(unique: str) -> Data:
    """A kind whose `mode` cannot change once it is set; its rule has a message of its own."""
    rule = {"rule": "self == oldSelf", "message": "choose well, you cannot choose again"}
    mode = {"type": "string", "x-kubernetes-validations": [rule]}
    spec = {"type": "object", "properties": {"mode": mode, "size": {"type": "integer"}}}
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}}
    plural = f"k{unique}"
    names = {"kind": f"K{unique}", "plural": plural, "singular": plural, "listKind": f"K{unique}List"}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{RULED}"},
        "spec": {"group": RULED, "names": names, "scope": "Cluster", "versions": [version]},
    }


def ruled(unique: str, mode: str) -> Data:
    meta = {"name": unique}
    return {"apiVersion": f"{RULED}/v1", "kind": f"K{unique}", "metadata": meta, "spec": {"mode": mode, "size": 1}}


def test_a_rule_of_a_custom_resource_makes_a_field_immutable_at_its_line(cluster, unique) -> None:
    """Objects that a controller created from the object would be lost as well."""
    crd = ruled_definition(unique)
    assert apply(bundle(unique, crd, ruled(unique, "a")), cluster).exit_code == 0
    wanted = bundle(unique, crd, ruled(unique, "b"), digest="d2")

    step = make_plan(wanted, cluster).steps[1]
    [found] = apply(wanted, cluster).diagnostics

    assert (step.action, step.loses) == (Action.REPLACE, ())
    assert found.at is not None
    assert found.at.line == line_of("spec", "mode")
    url = f"/apis/{RULED}/v1/k{unique}/{unique}"
    cluster.request("PATCH", f"{url}/status", {"status": {"ready": True}}, content_type=MERGE)
    assert make_plan(wanted, cluster).steps[1].loses
    assert apply(wanted, cluster, replace=True).exit_code == 1
    assert apply(wanted, cluster, replace=Consent(named=(f"K{unique}/{unique}",))).exit_code == 0
    assert cluster.get(url)["spec"]["mode"] == "b"


def headless(where: str) -> Data:
    return service(where, clusterIP="None")


def test_a_headless_service_that_is_declared_normal_has_to_be_replaced(cluster, unique) -> None:
    """The API server accepts the update but keeps `None`: the change would never take effect."""
    assert apply(bundle(unique, namespace(unique), headless(unique)), cluster).exit_code == 0
    wanted = bundle(unique, namespace(unique), service(unique), digest="d2")

    outcome = apply(wanted, cluster)

    assert [d.code.id for d in outcome.diagnostics] == ["BP7032"]
    assert "clusterIP" in outcome.diagnostics[0].message
    assert apply(wanted, cluster, replace=True).exit_code == 0
    assert cluster.get(f"/api/v1/namespaces/{unique}/services/front")["spec"]["clusterIP"] != "None"


def test_what_a_replacement_would_lose_is_named_and_needs_the_name(cluster, unique) -> None:
    """A Service with a load balancer that becomes headless."""
    kind = {"type": "LoadBalancer"}
    assert apply(bundle(unique, namespace(unique), service(unique, **kind)), cluster).exit_code == 0
    path = f"/api/v1/namespaces/{unique}/services/front"
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}}
    query = {"fieldManager": "cloud"}
    cluster.request("PATCH", f"{path}/status", status, query=query, content_type=MERGE)
    live = cluster.get(path)
    wanted = bundle(unique, namespace(unique), headless(unique), digest="d2")

    refused = apply(wanted, cluster, replace=True)

    [found] = refused.diagnostics
    assert found.code.id == "BP7032"
    for lost in ("203.0.113.9", live["spec"]["clusterIP"], str(live["spec"]["ports"][0]["nodePort"])):
        assert lost in (found.help or "")
    assert cluster.get(path)["metadata"]["uid"] == live["metadata"]["uid"]
    assert found.at is not None

    named = Consent(named=(f"Service/{unique}/front",))
    assert apply(wanted, cluster, replace=named).exit_code == 0
    assert cluster.get(path)["spec"]["clusterIP"] == "None"


def test_pods_that_run_are_something_to_lose(cluster, unique) -> None:
    data = deployment(unique)
    assert apply(bundle(unique, namespace(unique), data), cluster).exit_code == 0
    path = f"/apis/apps/v1/namespaces/{unique}/deployments/operator"
    cluster.request("PATCH", f"{path}/status", {"status": {"replicas": 3}}, query={}, content_type=MERGE)
    other = copy.deepcopy(data)
    other["spec"]["selector"] = {"matchLabels": {"b": "b"}}
    other["spec"]["template"]["metadata"] = {"labels": {"b": "b"}}
    wanted = bundle(unique, namespace(unique), other, digest="d2")

    [found] = apply(wanted, cluster, replace=True).diagnostics

    assert "3 pods" in (found.help or "")
