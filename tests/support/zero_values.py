"""Every empty, zero and false value of every kind that the API server stores, as objects derived from the schemas."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File
from typing import Any

from blueprint.bundle.model import Path
from blueprint.kubernetes.api import DEFINITION, Kubernetes, load_kubernetes
from blueprint.kubernetes.default_values import DEFAULTS
from blueprint.source.paths import format_path
from tests.support.yaml_data import yaml_data

BASES = File(__file__).parents[1] / "drift" / "bases.yaml"
_META = ("labels", "annotations", "finalizers", "ownerReferences", "generateName")
_TEMPLATES = {"ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob", "ReplicationController", "PodTemplate"}
"""Kinds with pod templates, which are traversed only two levels deep: all pod fields are tested in Pods and
Deployments.
"""

SAMPLES: Mapping[str, Any] = {
    "core.v1.Probe": {"httpGet": {"port": 80}},
    "core.v1.LifecycleHandler": {"exec": {"command": ["true"]}},
    "core.v1.Container": {"name": "other", "image": "example.org/other:1", "restartPolicy": "Always"},
    "core.v1.EphemeralContainer": {"name": "debug", "image": "example.org/debug:1"},
    "core.v1.EnvVar": {"name": "VAR"},
    "core.v1.ContainerPort": {"containerPort": 80},
    "core.v1.Volume": {"name": "data"},
    "core.v1.VolumeMount": {"name": "data", "mountPath": "/data"},
    "core.v1.Toleration": {"key": "a", "operator": "Exists"},
    "core.v1.KeyToPath": {"key": "a", "path": "a"},
    "core.v1.DownwardAPIVolumeFile": {"path": "a", "fieldRef": {"fieldPath": "metadata.name"}},
    "core.v1.NodeSelectorTerm": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
    "core.v1.NodeSelectorRequirement": {"key": "a", "operator": "In", "values": ["a"]},
    "core.v1.ConfigMapVolumeSource": {"name": "a"},
    "core.v1.ConfigMapProjection": {"name": "a"},
    "core.v1.ConfigMapEnvSource": {"name": "a"},
    "core.v1.ConfigMapKeySelector": {"name": "a", "key": "a"},
    "core.v1.SecretVolumeSource": {"secretName": "a"},
    "core.v1.SecretProjection": {"name": "a"},
    "core.v1.SecretEnvSource": {"name": "a"},
    "core.v1.SecretKeySelector": {"name": "a", "key": "a"},
    "core.v1.SecretReference": {"name": "a", "namespace": "a"},
    "core.v1.LocalObjectReference": {"name": "a"},
    "core.v1.ISCSIVolumeSource": {"targetPortal": "10.0.0.1", "iqn": "iqn.2001-04.com.example:a", "lun": 0},
    "core.v1.ISCSIPersistentVolumeSource": {"targetPortal": "10.0.0.1", "iqn": "iqn.2001-04.com.example:a", "lun": 0},
    "core.v1.FCVolumeSource": {"targetWWNs": ["a"], "lun": 0},
    "core.v1.ScaleIOPersistentVolumeSource": {
        "gateway": "a",
        "system": "a",
        "secretRef": {"name": "a", "namespace": "a"},
        "volumeName": "a",
    },
    "core.v1.EphemeralVolumeSource": {
        "volumeClaimTemplate": {
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        }
    },
    "core.v1.PodResourceClaim": {"name": "gpu", "resourceClaimName": "a"},
    "core.v1.ContainerResizePolicy": {"resourceName": "cpu", "restartPolicy": "NotRequired"},
    "core.v1.VolumeDevice": {"name": "data", "devicePath": "/dev/a"},
    "core.v1.PodAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}},
    "core.v1.PreferredSchedulingTerm": {
        "weight": 1,
        "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
    },
    "core.v1.TopologySpreadConstraint": {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
    "core.v1.HostAlias": {"ip": "10.0.0.1", "hostnames": ["a"]},
    "core.v1.PersistentVolumeClaimSpec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
    "core.v1.Taint": {"key": "a", "effect": "NoSchedule"},
    "core.v1.Sysctl": {"name": "kernel.shm_rmid_forced", "value": "1"},
    "core.v1.EndpointSubset": {"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]},
    "core.v1.PodReadinessGate": {"conditionType": "example.org/ready"},
    "core.v1.ResourceFieldSelector": {"resource": "limits.cpu"},
    "core.v1.ObjectFieldSelector": {"fieldPath": "metadata.name"},
    "core.v1.NFSVolumeSource": {"server": "a", "path": "/a"},
    "core.v1.LocalVolumeSource": {"path": "/a"},
    "core.v1.HostPathVolumeSource": {"path": "/a"},
    "core.v1.ImageVolumeSource": {"reference": "example.org/image:1"},
    "core.v1.SessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}},
    "core.v1.SeccompProfile": {"type": "RuntimeDefault"},
    "core.v1.AppArmorProfile": {"type": "RuntimeDefault"},
    "networking.v1.HTTPIngressPath": {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": "a", "port": {"number": 80}}},
    },
    "networking.v1.IngressBackend": {"service": {"name": "a", "port": {"number": 80}}},
    "networking.v1.IngressRule": {"host": "a.example.org"},
    "networking.v1.IPBlock": {"cidr": "10.0.0.0/8"},
    "networking.v1.NetworkPolicyPort": {"port": 80},
    "networking.v1.NetworkPolicyPeer": {"podSelector": {"matchLabels": {"app": "web"}}},
    "autoscaling.v2.MetricSpec": {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    },
    "autoscaling.v2.MetricTarget": {"type": "Value", "value": "1"},
    "autoscaling.v2.HPAScalingPolicy": {"type": "Pods", "value": 1, "periodSeconds": 60},
    "batch.v1.PodFailurePolicyRule": {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    },
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": {"operator": "In", "values": [1]},
    "batch.v1.SuccessPolicyRule": {"succeededCount": 1},
    "rbac.v1.PolicyRule": {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    "flowcontrol.v1.Subject": {"kind": "User", "user": {"name": "nobody"}},
    "flowcontrol.v1.PolicyRulesWithSubjects": {
        "subjects": [{"kind": "User", "user": {"name": "nobody"}}],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/none"]}],
    },
    "flowcontrol.v1.ResourcePolicyRule": {
        "verbs": ["get"],
        "apiGroups": ["none"],
        "resources": ["a"],
        "clusterScope": True,
    },
    "resource.v1.DeviceRequest": {"name": "other", "exactly": {"deviceClassName": "gpu"}},
    "resource.v1.DeviceSubRequest": {"name": "sub", "deviceClassName": "gpu"},
    "resource.v1.DeviceSelector": {"cel": {"expression": "true"}},
    "resource.v1.Device": {"name": "gpu-0"},
    "resource.v1.DeviceConstraint": {"matchAttribute": "example.org/a"},
    "resource.v1.OpaqueDeviceConfiguration": {"driver": "gpu.example.org", "parameters": {"a": 1}},
    "resource.v1.DeviceClassConfiguration": {"opaque": {"driver": "gpu.example.org", "parameters": {"a": 1}}},
    "resource.v1.DeviceClaimConfiguration": {"opaque": {"driver": "gpu.example.org", "parameters": {"a": 1}}},
    "resource.v1.DeviceTaint": {"key": "example.org/a", "effect": "NoSchedule"},
    "admissionregistration.v1.WebhookClientConfig": {"url": "https://127.0.0.1:1/none"},
    "admissionregistration.v1.MatchCondition": {"name": "a", "expression": "true"},
    "admissionregistration.v1.Variable": {"name": "a", "expression": "true"},
    "admissionregistration.v1.Validation": {"expression": "true"},
    "admissionregistration.v1.AuditAnnotation": {"key": "a", "valueExpression": "'a'"},
    "admissionregistration.v1.NamedRuleWithOperations": {
        "apiGroups": ["none.example.org"],
        "apiVersions": ["v1"],
        "resources": ["nothings"],
        "operations": ["CREATE"],
    },
    "admissionregistration.v1.RuleWithOperations": {
        "apiGroups": ["none.example.org"],
        "apiVersions": ["v1"],
        "resources": ["nothings"],
        "operations": ["CREATE"],
    },
    "apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": {"key": "a", "operator": "In", "values": ["a"]},
    "apimachinery.pkg.apis.meta.v1.OwnerReference": {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "a-b"},
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition": {
        "name": "A",
        "type": "string",
        "jsonPath": ".a",
    },
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps": {"type": "object"},
}
"""Fields that a type needs in addition to its required fields to be valid. The keys are as in
`kubernetes.field_types`.
"""


UNIONS: tuple[frozenset[str], ...] = (
    frozenset({"exec", "grpc", "httpGet", "tcpSocket", "sleep"}),
    frozenset({"inlineVolumeSpec", "persistentVolumeName"}),
    frozenset({"service", "resource"}),
    frozenset({"service", "url"}),
    frozenset({"nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"}),
    frozenset({"exactly", "firstAvailable"}),
    frozenset({"resourceClaimName", "resourceClaimTemplateName"}),
    frozenset({"configMapRef", "secretRef"}),
    frozenset({"minAvailable", "maxUnavailable"}),
    frozenset({"onExitCodes", "onPodConditions"}),
    frozenset({"value", "valueFrom"}),
    frozenset({"value", "averageValue", "averageUtilization"}),
    frozenset({"limited", "exempt"}),
    frozenset({"group", "user", "serviceAccount"}),
    frozenset({"resourceRules", "nonResourceRules"}),
)
"""Fields of an object of which the API accepts only one."""


@dataclass(frozen=True)
class Case:
    """One object with one empty value, and the path of the value."""

    kind: str
    path: str
    value: Any
    manifest: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}: {self.path} = {json.dumps(self.value)}"


def zero_cases(minor: str) -> list[Case]:
    """All cases of the built-in kinds of a minor version, in a stable order, each with a unique name."""
    api = load_kubernetes(minor)
    found = []
    for base in bases():
        found += [case for case in _Kind(api, base).cases() if case is not None]
    return [_named(case, number) for number, case in enumerate(found)]


def bases() -> list[dict[str, Any]]:
    """The smallest valid manifest of every kind, with placeholders."""
    loaded: list[dict[str, Any]] = copy.deepcopy(yaml_data(BASES))
    return [json.loads(json.dumps(base)) for base in loaded]


def placed(manifest: dict[str, Any], number: int, namespace: str) -> dict[str, Any]:
    """The manifest with its placeholders filled in, and with a namespace if its kind is namespaced."""
    text = json.dumps(manifest).replace("~place~", namespace)
    cidr = f"10.{100 + number // 256 % 100}.{number % 256}.0/24"
    filled = json.loads(
        text.replace("REQUEST", certificate_request()).replace("A-RANGE", cidr).replace("NAME", f"n{number}")
    )
    kind = filled["kind"]
    named = {"CustomResourceDefinition": f"things.n{number}.example.org", "APIService": f"v1.n{number}.example.org"}
    name = named.get(kind, f"n{number}")
    meta = {**(filled.get("metadata") or {}), "name": name}
    known = load_kubernetes("1.36").find(filled["apiVersion"], kind)
    if known and known.namespaced:
        meta["namespace"] = namespace
    return filled | {"metadata": meta}


@cache
def certificate_request() -> str:
    """A certificate signing request, PEM in base64."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def _named(case: Case, number: int) -> Case:
    return Case(case.kind, case.path, case.value, placed(case.manifest, number, "~place~"))


def default_cases(minor: str) -> list[Case]:
    """Objects that show defaults: the smallest object of every kind, more complete ones, and every type with defaults.

    `value` is the type under test; `path` is its place, empty for the smallest objects and `more` for the more complete
    ones.
    """
    api = load_kubernetes(minor)
    found = [Case(f"{base['apiVersion']}/{base['kind']}", "", "", base) for base in bases()]
    more = json.loads(json.dumps(yaml_data(BASES.with_name("defaulted.yaml"))))
    found += [Case(f"{one['apiVersion']}/{one['kind']}", "more", f"more {i}", one) for i, one in enumerate(more)]
    for base in bases():
        found += _Kind(api, base).defaulted()
    return [_named(case, number) for number, case in enumerate(found)]


def filled(manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The manifest with this namespace."""
    made: dict[str, Any] = json.loads(json.dumps(manifest).replace("~place~", namespace))
    return made


def make_place(connection: Any, namespace: str) -> str:
    """Create a namespace with the service account that pods need, and return its name."""
    connection.post("/api/v1/namespaces", {"metadata": {"name": namespace}}, "test")
    account = {"metadata": {"name": "default"}}
    connection.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", account, "test")
    return namespace


class _Kind:
    """Traverses the schema of one kind."""

    def __init__(self, api: Kubernetes, base: dict[str, Any]) -> None:
        self._api = api
        self._base = base
        self.name = f"{base['apiVersion']}/{base['kind']}"
        found = api.find(base["apiVersion"], base["kind"])
        assert found, self.name
        self._root = {"$ref": DEFINITION + found.definition}

    def cases(self) -> Iterator[Case]:
        for path, node in self._fields(self._root, (), ()):
            for value in _zeros(*self._resolved(node)):
                yield Case(self.name, format_path(path), value, self._with(path, value))

    def defaulted(self) -> Iterator[Case]:
        """The base object, with each type below it that has its own defaults."""
        for path, node in self._fields(self._root, (), ()):
            resolved, name = self._resolved(node)
            marked = any("default" in child for child in (resolved.get("properties") or {}).values())
            if name in DEFAULTS or (name and marked):
                yield Case(self.name, format_path(path), name, self._with(path, self._sample(node)))

    def _resolved(self, node: Any) -> tuple[dict[str, Any], str]:
        if reference := node.get("$ref"):
            name = reference.removeprefix(DEFINITION)
            return self._api.definitions[name], name.removeprefix("io.k8s.").removeprefix("api.")
        return node, ""

    def _fields(self, node: Any, at: Path, seen: tuple[str, ...]) -> Iterator[tuple[Path, Any]]:
        """Every field below `at`. A type is not traversed inside itself."""
        resolved, name = self._resolved(node)
        if name and name in seen:
            return
        seen = (*seen, name) if name else seen
        if self._base["kind"] in _TEMPLATES and "core.v1.PodSpec" in seen[:-2]:
            return
        for key, child in (resolved.get("properties") or {}).items():
            if (at == ("metadata",) and key not in _META) or key == "ephemeralContainers":  # never set on creation
                continue
            if not at and key in {"apiVersion", "kind"}:
                continue
            if (*at, key) != ("metadata",):
                yield (*at, key), child
            yield from self._fields(child, (*at, key), seen)
        for step, key in ((0, "items"), ("key", "additionalProperties")):
            if isinstance(child := resolved.get(key), dict):
                yield (*at, step), child
                yield from self._fields(child, (*at, step), seen)

    def _with(self, path: Path, value: Any) -> dict[str, Any]:
        """The base object with this value at this path, including all parents."""
        manifest = copy.deepcopy(self._base)
        here, node = manifest, self._root
        for step, following in zip(path, (*path[1:], None), strict=True):
            resolved, _ = self._resolved(node)
            if isinstance(step, int):
                node = resolved["items"]
            else:
                node = (resolved.get("properties") or {}).get(step, resolved.get("additionalProperties"))
            if isinstance(here, dict):
                _alone(here, str(step), resolved)
            if following is None:
                _put(here, step, value)
            elif isinstance(step, int):
                if not here:
                    here.append(self._sample(node))
                here = here[0]
            else:
                here = here.setdefault(step, self._sample(node))
        return manifest

    def _sample(self, node: Any) -> Any:
        """A valid value, as far as the schema describes it."""
        resolved, name = self._resolved(node)
        kind = resolved.get("type")
        if name in SAMPLES:
            return copy.deepcopy(SAMPLES[name])
        if resolved.get("format") in {"quantity", "int-or-string"} or kind in {"integer", "number"}:
            return 1
        if kind == "string":
            return "x"
        if kind == "boolean":
            return True
        if kind == "array":
            return []
        required = resolved.get("required") or ()
        return {key: self._required(resolved["properties"][key]) for key in required}

    def _required(self, node: Any) -> Any:
        sample = self._sample(node)
        return [self._sample(self._resolved(node)[0]["items"])] if sample == [] else sample


def _alone(holder: dict[str, Any], step: str, resolved: Mapping[str, Any]) -> None:
    """Remove fields that conflict with a field: other members of a union, other sources of a volume."""
    properties = resolved.get("properties") or {}
    sources = {key for key, child in properties.items() if str(child.get("$ref", "")).endswith("VolumeSource")}
    for union in (*UNIONS, frozenset(sources)):
        if step in union and (step != "resource" or "type" not in holder):
            for other in union - {step}:
                holder.pop(other, None)
    if step in {"pods", "object", "external", "containerResource"} and holder.get("type") == "Resource":
        holder.pop("resource", None)
        holder["type"] = step[0].upper() + step[1:]
    if step in {"group", "user", "serviceAccount"} and holder.get("kind") == "User":
        holder["kind"] = step[0].upper() + step[1:]


def _put(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(holder, list):
        holder[:1] = [value]
    else:
        holder[step] = value


def _zeros(node: Mapping[str, Any], _name: str) -> list[Any]:
    kind = node.get("type")
    if node.get("format") == "quantity":
        return ["0", 0]
    if node.get("format") == "int-or-string":
        return [0, ""]
    if kind == "array":
        return [[]]
    return {"string": [""], "boolean": [False], "integer": [0], "number": [0]}.get(str(kind), [{}])


GROUP = "zero.example.org"


def definition() -> dict[str, Any]:
    """A CRD with pruning, defaults, nullable, preserved and mixed fields, sets, keyed lists and maps."""
    text, number, flag = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
    mixed = {"x-kubernetes-int-or-string": True}
    texts = {"type": "object", "additionalProperties": text}
    fields = {"text": text, "number": number, "flag": flag, "ratio": {"type": "number"}, "mixed": mixed}
    defaults = {
        "textDefault": text | {"default": "auto"},
        "numberDefault": number | {"default": 7},
        "flagDefault": flag | {"default": True},
        "emptyDefault": text | {"default": ""},
        "mapDefault": {"type": "object", "default": {}, "properties": {"mode": text | {"default": "auto"}}},
    }
    nullable = {f"{name}Nullable": field | {"nullable": True} for name, field in fields.items() if name != "mixed"}
    item = {"type": "object", "required": ["id"], "properties": {"id": text, **fields, **defaults}}
    lists = {
        "keyed": _list(item, "map", **{"x-kubernetes-list-map-keys": ["id"]}),
        "names": _list(text, "set"),
        "numbers": _list(number, "set"),
        "plain": _list(item, "atomic"),
        "bare": {"type": "array", "items": text},
        "many": {"type": "array", "items": {"type": "array", "items": text}},
    }
    maps = {
        "granular": texts,
        "sealed": texts | {"x-kubernetes-map-type": "atomic"},
        "counts": {"type": "object", "additionalProperties": number},
        "flags": {"type": "object", "additionalProperties": flag},
        "deep": {"type": "object", "additionalProperties": {"type": "object", "properties": fields}},
    }
    anything = {
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "partly": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": fields | defaults},
        "resource": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
    }
    nested = {"nested": {"type": "object", "properties": fields | defaults | nullable | maps}}
    spec = {"type": "object", "properties": fields | defaults | nullable | lists | maps | anything | nested}
    schema = {"type": "object", "properties": {"spec": spec, "data": texts, "flag": flag}}
    names = {"kind": "Zero", "plural": "zeros", "singular": "zero", "listKind": "ZeroList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"zeros.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def _list(items: Any, kind: str, **rest: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "x-kubernetes-list-type": kind, **rest}


def custom_cases() -> list[Case]:
    """The cases of a custom resource: every field of its schema, and arbitrary fields where it accepts any."""
    spec = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = [(path, value) for path, node in _custom_fields(spec, ()) for value in _zeros(node, "")]
    free = [("spec", part, key) for part in ("any", "partly", "resource") for key in ("a", "metadata", "name")]
    found += [(path, value) for path in free for value in ("", 0, False, [], {}, [""], [0], {"b": ""}, [{}])]
    found += [(("metadata", part), {}) for part in ("labels", "annotations")]
    found += [
        (("metadata", "labels", "a"), ""),
        (("metadata", "annotations", "a/b"), ""),
        (("metadata", "finalizers"), []),
    ]
    return [Case("Zero", format_path(path), value, _custom(path, value, n)) for n, (path, value) in enumerate(found)]


def _custom_fields(node: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, Any]]:
    if at:
        yield at, node if "type" in node else {"format": "int-or-string"}
    for key, child in (node.get("properties") or {}).items():
        yield from _custom_fields(child, (*at, key))
    for step, key in ((0, "items"), ("key", "additionalProperties")):
        if key in node:
            yield from _custom_fields(node[key], (*at, step))


def _custom(path: Path, value: Any, number: int) -> dict[str, Any]:
    """One object with this value. List items get the keys that they need."""
    data: dict[str, Any] = {"apiVersion": f"{GROUP}/v1", "kind": "Zero", "metadata": {}}
    here: Any = data
    for step, following in zip(path, (*path[1:], None), strict=True):
        if following is None:
            _put(here, step, value)
        elif isinstance(step, int):
            here.append([] if isinstance(following, int) else {"id": "one"})
            here = here[0]
        else:
            here = here.setdefault(step, [] if isinstance(following, int) else {})
    if "resource" in path:
        data["spec"]["resource"] = {"apiVersion": "v1", "kind": "ConfigMap"} | data["spec"]["resource"]
    data["metadata"] |= {"name": f"n{number}", "namespace": "~place~"}
    return data
