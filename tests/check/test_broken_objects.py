"""Each way of breaking an object gives one diagnostic with its code, position and message, and no other findings."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import USERS, FieldOrigin, Object
from blueprint.check.objects import check_objects, validate_objects
from blueprint.diagnostics import Diagnostic, Severity, Span
from tests.support.check_corpus import REMOVED, VALID, broken, objects

MAIN = "spec.template.spec.containers[name=main]"
PORTS = f"{MAIN}.ports"
DEPLOY = "Deployment/train/trainer"
AFFINITY = "spec.template.spec.affinity"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
EXPRESSION = f"{AFFINITY}.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[key=nvidia.com/gpu.count]"


def _term(operator: str, *values: str) -> dict[str, Any]:
    """An affinity that requires a value of one node label."""
    expression = {"key": "nvidia.com/gpu.count", "operator": operator} | ({"values": list(values)} if values else {})
    term = {"matchExpressions": [expression]}
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}


# object, field, value | code, path of the diagnostic, message without the object's name, help
CASES: list[tuple[str, str, Any, str, str, str, str | None]] = [
    # fields
    ("deployment", f"{MAIN}.imagePulPolicy", "Always", "BP5003", f"{MAIN}.imagePulPolicy",
     f"unknown field imagePulPolicy in {MAIN}", "did you mean imagePullPolicy?"),
    ("deployment", "spec.template.spec.hostNetwrk", True, "BP5003", "spec.template.spec.hostNetwrk",
     "unknown field hostNetwrk in spec.template.spec", "did you mean hostNetwork?"),
    ("account", "spec", {"x": 1}, "BP5003", "spec", "unknown field spec",
     "allowed fields: apiVersion, automountServiceAccountToken, imagePullSecrets, kind, metadata, secrets"),
    ("clusterpolicy", "spec.driver.verion", "580", "BP5003", "spec.driver.verion",
     "unknown field verion in spec.driver", "did you mean version?"),
    ("nodefeaturerule", "spec.rules[0].matchFeatures[0].matchExpression", {}, "BP5003",
     "spec.rules[name=gpu].matchFeatures[0].matchExpression",
     "unknown field matchExpression in spec.rules[name=gpu].matchFeatures[0]", "did you mean matchExpressions?"),
    ("deployment", f"{MAIN}.name", REMOVED, "BP5004", "spec.template.spec.containers[0]",
     "required field name is missing in spec.template.spec.containers[0]", None),
    ("clusterpolicy", "spec.gfd", REMOVED, "BP5004", "spec", "required field gfd is missing in spec", None),
    ("clusterrolebinding", "roleRef", REMOVED, "BP5004", "", "required field roleRef is missing", None),
    ("runtimeclass", "handler", REMOVED, "BP5004", "", "required field handler is missing", None),
    # types
    ("deployment", "spec.replicas", "2", "BP5005", "spec.replicas",
     'spec.replicas must be a whole number, not "2"', "write it without quotes: 2"),
    ("deployment", "spec.replicas", 1.5, "BP5005", "spec.replicas",
     "spec.replicas must be a whole number, not 1.5", None),
    ("deployment", f"{MAIN}.env[name=RANK].value", 0, "BP5005", f"{MAIN}.env[name=RANK].value",
     f"{MAIN}.env[name=RANK].value must be text, not 0", 'write it in quotes: "0"'),
    ("config", "data.mode", True, "BP5005", "data.mode", "data.mode must be text, not true",
     'write it in quotes: "true"'),
    ("namespace", "metadata.labels.tier", 5, "BP5005", "metadata.labels.tier",
     "metadata.labels.tier must be text, not 5", 'write it in quotes: "5"'),
    ("config", 'metadata.annotations["example.com/on"]', False, "BP5005", 'metadata.annotations["example.com/on"]',
     'metadata.annotations["example.com/on"] must be text, not false', 'write it in quotes: "false"'),
    ("deployment", f"{MAIN}.args", "--verbose", "BP5005", f"{MAIN}.args",
     f'{MAIN}.args must be a list, not "--verbose"', None),
    ("deployment", "spec.template.spec.nodeSelector", ["a"], "BP5005", "spec.template.spec.nodeSelector",
     "spec.template.spec.nodeSelector must be a map, not a list", None),
    ("account", "automountServiceAccountToken", "false", "BP5005", "automountServiceAccountToken",
     'automountServiceAccountToken must be true or false, not "false"', "write it without quotes: false"),
    ("deployment", "spec.strategy.rollingUpdate.maxSurge", 1.5, "BP5005", "spec.strategy.rollingUpdate.maxSurge",
     "spec.strategy.rollingUpdate.maxSurge must be a whole number or text, not 1.5", None),
    ("deployment", f"{MAIN}.resources.requests.cpu", True, "BP5005", f"{MAIN}.resources.requests.cpu",
     f"{MAIN}.resources.requests.cpu must be a number or text, not true", None),
    ("clusterpolicy", "spec.dcgm.hostPort", "5555", "BP5005", "spec.dcgm.hostPort",
     'spec.dcgm.hostPort must be a whole number, not "5555"', "write it without quotes: 5555"),
    ("widget", "spec.share", 1.5, "BP5005", "spec.share", "spec.share must be a whole number or text, not 1.5", None),
    # enumerated values
    ("deployment", f"{MAIN}.imagePullPolicy", "always", "BP5006", f"{MAIN}.imagePullPolicy",
     f'{MAIN}.imagePullPolicy cannot be "always"', "did you mean Always? Allowed values: Always, IfNotPresent, Never"),
    ("deployment", "spec.strategy.type", "Rolling", "BP5006", "spec.strategy.type",
     'spec.strategy.type cannot be "Rolling"', "did you mean RollingUpdate? Allowed values: RollingUpdate, Recreate"),
    ("service", "spec.ports[0].protocol", "tcp", "BP5006", "spec.ports[name=http].protocol",
     'spec.ports[name=http].protocol cannot be "tcp"', "did you mean TCP? Allowed values: TCP, UDP, SCTP"),
    ("clusterpolicy", "spec.driver.kernelModuleType", "opn", "BP5006", "spec.driver.kernelModuleType",
     'spec.driver.kernelModuleType cannot be "opn"', "did you mean open? Allowed values: auto, open, proprietary"),
    ("networkpolicy", "spec.policyTypes[0]", "ingress", "BP5006", "spec.policyTypes[0]",
     'spec.policyTypes[0] cannot be "ingress"', "did you mean Ingress? Allowed values: Ingress, Egress"),
    ("rolebinding", "subjects[0].kind", "Serviceaccount", "BP5006", "subjects[name=trainer].kind",
     'subjects[name=trainer].kind cannot be "Serviceaccount"',
     "did you mean ServiceAccount? Allowed values: User, Group, ServiceAccount"),
    ("widget", "spec.colour", "green", "BP5006", "spec.colour", 'spec.colour cannot be "green"', "allowed values: red, blue"),  # noqa: E501
    ("deployment", "spec.template.spec.restartPolicy", "Never", "BP5006", "spec.template.spec.restartPolicy",
     'spec.template.spec.restartPolicy cannot be "Never"', "allowed values: Always"),
    # limits
    ("cronjob", "spec.jobTemplate.spec.template.spec.containers", [], "BP5007",
     "spec.jobTemplate.spec.template.spec.containers",
     "spec.jobTemplate.spec.template.spec.containers has 0 items, fewer than 1", None),
    ("service", "spec.ports[0].port", 65536, "BP5007", "spec.ports[name=http].port",
     "spec.ports[name=http].port is 65536, which is not between 1 and 65535", None),
    ("deployment", "spec.replicas", 2**31, "BP5007", "spec.replicas",
     "spec.replicas is 2147483648, which is not between 0 and 2147483647", None),
    ("deployment", "spec.replicas", -1, "BP5007", "spec.replicas", "spec.replicas is -1, which is not at least 0",
     None),
    ("budget", "spec.minAvailable", 2**31, "BP5007", "spec.minAvailable",
     "spec.minAvailable is 2147483648, which is not at most 2147483647", None),
    ("priority", "value", 2**31, "BP5007", "value",
     "value is 2147483648, which is not at most 2147483647", None),
    ("webhook", "webhooks[0].timeoutSeconds", 31, "BP5007", "webhooks[name=guard.example.com].timeoutSeconds",
     "webhooks[name=guard.example.com].timeoutSeconds is 31, which is not between 1 and 30", None),
    ("role", "rules[0].verbs", [], "BP5007", "rules[0].verbs", "rules[0].verbs has 0 items, fewer than 1", None),
    ("deployment", f"{MAIN}.livenessProbe.successThreshold", 2, "BP5007", f"{MAIN}.livenessProbe.successThreshold",
     f"{MAIN}.livenessProbe.successThreshold is 2, which is not at most 1", None),
    ("deployment", f"{PORTS}[0].name", "metrics-exporter", "BP5007", f"{PORTS}[name=metrics-exporter].name",
     f"{PORTS}[name=metrics-exporter].name has 16 characters, more than 15", None),
    ("widget", "spec.size", 10, "BP5007", "spec.size", "spec.size is 10, which is not between 1 and 9", None),
    ("widget", "spec.name", "a", "BP5007", "spec.name", "spec.name has 1 character, fewer than 2", None),
    ("widget", "spec.ratio", 0, "BP5007", "spec.ratio", "spec.ratio is 0, which is not above 0", None),
    ("widget", "spec.ratio", 0.7, "BP5007", "spec.ratio", "spec.ratio is 0.7, which is not a multiple of 0.5", None),
    ("widget", "spec.parts", [{"name": n} for n in "abcd"], "BP5007", "spec.parts",
     "spec.parts has 4 items, more than 3", None),
    # formats
    ("deployment", f"{MAIN}.resources.limits.memory", "1GB", "BP5008", f"{MAIN}.resources.limits.memory",
     f'{MAIN}.resources.limits.memory is "1GB", which is not a quantity',
     "a number with an optional suffix: 500m, 2, 1.5, 128Mi, 10G"),
    ("deployment", f"{MAIN}.name", "Main_1", "BP5008", "spec.template.spec.containers[name=Main_1].name",
     'spec.template.spec.containers[name=Main_1].name is "Main_1", which is not a DNS label',
     "lowercase letters, digits and -, at most 63 characters, a letter or digit at both ends"),
    ("webhook", "webhooks[0].clientConfig.caBundle", "abc", "BP5008",
     "webhooks[name=guard.example.com].clientConfig.caBundle",
     'webhooks[name=guard.example.com].clientConfig.caBundle is "abc", which is not base64', None),
    ("secret", "data.password", "hunter2!", "BP5008", "data.password",
     "data.password is (hidden), which is not base64", None),
    ("clusterpolicy", "spec.driver.image", "!!", "BP5008", "spec.driver.image",
     r'spec.driver.image is "!!", which does not match [a-zA-Z0-9\-]+', None),
    ("service", "spec.ports[0].targetPort", "80", "BP5008", "spec.ports[name=http].targetPort",
     'spec.ports[name=http].targetPort is "80", which is not the name of a port',
     "letters, digits and single -, with at least one letter; a port number is written without quotes"),
    ("deployment", f"{AFFINITY}.podAntiAffinity", {REQUIRED: [{"topologyKey": "a b"}]}, "BP5008",
     f"{AFFINITY}.podAntiAffinity.{REQUIRED}[topologyKey=a b].topologyKey",
     f'{AFFINITY}.podAntiAffinity.{REQUIRED}[topologyKey=a b].topologyKey is "a b", which is not a label key',
     "an optional DNS name and /, then at most 63 letters, digits, -, _ and ."),
    ("budget", "spec.minAvailable", "half", "BP5008", "spec.minAvailable",
     'spec.minAvailable is "half", which is not a percentage', "a whole number, or a percentage as in 25%"),
    ("deployment", f"{MAIN}.env[name=MODE].valueFrom.configMapKeyRef.key", "a b", "BP5008",
     f"{MAIN}.env[name=MODE].valueFrom.configMapKeyRef.key",
     f'{MAIN}.env[name=MODE].valueFrom.configMapKeyRef.key is "a b", which is not a key of a ConfigMap or Secret',
     "letters, digits, -, _ and ."),
    ("deployment", f"{MAIN}.livenessProbe.httpGet", REMOVED, "BP5009", f"{MAIN}.livenessProbe",
     f"{MAIN}.livenessProbe must match exactly one of the allowed forms",
     "allowed forms: with exec; with grpc; with httpGet; with tcpSocket"),
    ("clusterrole", "rules[0].apiGroups", REMOVED, "BP5009", "rules[0]", "rules[0] matches none of the allowed forms",
     "allowed forms: with apiGroups and resources; with nonResourceURLs"),
    ("widget", "spec.either", {"a": "x", "b": "y"}, "BP5009", "spec.either",
     "spec.either must match exactly one of the allowed forms", "allowed forms: with a; with b"),
    ("deployment", "spec.strategy.type", "Recreate", "BP5009", "spec.strategy.rollingUpdate",
     "spec.strategy.rollingUpdate cannot be combined with the other fields here", "remove it"),
    ("deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "Exists", "values": ["a"]}], "BP5009",
     "spec.selector.matchExpressions[key=app].values",
     "spec.selector.matchExpressions[key=app].values cannot be combined with the other fields here", "remove it"),
    # fields that another field requires
    ("deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "In"}], "BP5004",
     "spec.selector.matchExpressions[key=app]",
     "required field values is missing in spec.selector.matchExpressions[key=app]", None),
    ("deployment", AFFINITY, _term("In"), "BP5004", EXPRESSION,
     f"required field values is missing in {EXPRESSION}", None),
    ("deployment", AFFINITY, _term("Gt", "4", "8"), "BP5007", f"{EXPRESSION}.values",
     f"{EXPRESSION}.values has 2 items, more than 1", None),
    ("deployment", AFFINITY, _term("Exists", "true"), "BP5009", f"{EXPRESSION}.values",
     f"{EXPRESSION}.values cannot be combined with the other fields here", "remove it"),
    ("service", "spec.ports[1]", {"port": 81}, "BP5004", "spec.ports[port=81]",
     "required field name is missing in spec.ports[port=81]", None),
    ("cronjob", "spec.jobTemplate.spec.completionMode", "Indexed", "BP5004", "spec.jobTemplate.spec",
     "required field completions is missing in spec.jobTemplate.spec", None),
    # lists
    ("deployment", f"{MAIN}.env[3]", {"name": "RANK", "value": "1"}, "BP5031", f"{MAIN}.env[3]",
     f"RANK is duplicated in {MAIN}.env: items 2 and 3", "the API identifies items by name"),
    ("deployment", f"{PORTS}[2]", {"containerPort": 8080}, "BP5031", f"{PORTS}[2]",
     f"8080 and TCP is duplicated in {PORTS}: items 0 and 2", "the API identifies items by containerPort and protocol"),
    ("widget", "spec.parts[1].name", "a", "BP5010", "spec.parts[1]", "a is duplicated in spec.parts: items 0 and 1",
     "the API identifies items by name"),
    ("widget", "spec.tags[1]", "x", "BP5010", "spec.tags[1]", "x is duplicated in spec.tags: items 0 and 1", None),
    ("config", "binaryData", {"mode": "YQ=="}, "BP5010", "binaryData.mode",
     "the key mode is in both data and binaryData", None),
    # what sets nothing, or is set by the cluster
    ("clusterpolicy", "spec.gfd.resources", {"limits": {"memory": "1024Mi"}}, "BP5011",
     "spec.gfd.resources.limits.memory", 'spec.gfd.resources.limits.memory is "1024Mi"; its canonical form is "1Gi"',
     None),
    ("deployment", "spec.strategy", None, "BP5012", "spec.strategy",
     "spec.strategy is null, which sets nothing",
     "remove it"),
    ("widget", "spec.name", None, "BP5012", "spec.name", "spec.name is null, which the API server refuses",
     "remove it"),
    ("deployment", f"{MAIN}.image", None, "BP5012", f"{MAIN}.image",
     f"{MAIN}.image is null, which the API server refuses", "remove it"),
    ("rolebinding", "subjects[0]", None, "BP5012", "subjects[0]", "subjects[0] is null, which is not a list item",
     "remove it"),
    ("role", "rules[0].verbs", None, "BP5012", "rules[0].verbs",
     "rules[0].verbs is null, which the API server refuses", "remove it"),
    ("deployment", f"{MAIN}.args", [], "BP5012", f"{MAIN}.args", f"{MAIN}.args is an empty list, which sets nothing",
     "remove the field"),
    ("config", "data", {}, "BP5012", "data", "data is an empty map, which sets nothing", "remove the field"),
    ("deployment", "status", {"replicas": 1}, "BP5013", "status", "status is set by the cluster, not in a manifest",
     "remove it"),
    ("clusterpolicy", "status", {"state": "ready"}, "BP5013", "status",
     "status is set by the cluster, not in a manifest", "remove it"),
    ("config", "metadata.uid", "u", "BP5013", "metadata.uid", "metadata.uid is set by the cluster, not in a manifest",
     "remove it"),
    ("deployment", "spec.template.metadata.creationTimestamp", None, "BP5013",
     "spec.template.metadata.creationTimestamp",
     "spec.template.metadata.creationTimestamp is set by the cluster, not in a manifest", "remove it"),
    ("secret", "stringData", {"a": "b"}, "BP5019", "stringData",
     "stringData is write-only, so the API server never returns this field",
     "move the values to data, encoded in base64"),
    # names and labels
    ("priority", "metadata.name", "High", "BP5014", "metadata.name",
     ("metadata.name 'High' is invalid: a DNS name has lower-case letters, digits, - and . only, with a letter or digit at both"  # noqa: E501
     " ends"), None),
    ("service", "metadata.name", "a.b", "BP5014", "metadata.name",
     "metadata.name 'a.b' is invalid: a DNS label has lower-case letters, digits and - only, with a letter or digit at both ends",  # noqa: E501
     None),
    ("clusterrole", "metadata.name", "a/b", "BP5014", "metadata.name", "metadata.name 'a/b' is invalid: / and % are not allowed",  # noqa: E501
     None),
    ("cronjob", "metadata.name", "n" * 53, "BP5014", "metadata.name",
     f"metadata.name '{'n' * 53}' is invalid: 53 characters are more than 52", None),
    ("deployment", 'metadata.labels["-a"]', "b", "BP5015", 'metadata.labels["-a"]',
     ('metadata.labels["-a"]: the name part of the key has letters, digits, -, _ and . only, with a letter or digit'
     " at both ends"), None),
    ("namespace", "metadata.labels.team", "A team", "BP5015", "metadata.labels.team",
     ("metadata.labels.team: the value 'A team' may have letters, digits, -, _ and . only, with a letter or digit at"
     " both ends"), None),
    ("deployment", "spec.template.spec.nodeSelector.pool", "x" * 64, "BP5015",
     "spec.template.spec.nodeSelector.pool",
     "spec.template.spec.nodeSelector.pool: the value has 64 characters, more than 63", None),
    ("deployment", "spec.selector.matchLabels.app", "a b", "BP5015", "spec.selector.matchLabels.app",
     ("spec.selector.matchLabels.app: the value 'a b' may have letters, digits, -, _ and . only, with a letter or"
     " digit at both ends"), None),
    ("service", "spec.selector.app", "a b", "BP5015", "spec.selector.app",
     ("spec.selector.app: the value 'a b' may have letters, digits, -, _ and . only, with a letter or digit at both"
     " ends"), None),
    ("config", 'metadata.annotations["/x"]', "", "BP5015", 'metadata.annotations["/x"]',
     'metadata.annotations["/x"]: there is nothing before the /', None),
    ("budget", "metadata.namespace", REMOVED, "BP5016", "metadata",
     "metadata.namespace is missing, but PodDisruptionBudget is namespaced", None),
    ("priority", "metadata.namespace", "train", "BP5017", "metadata.namespace",
     "metadata.namespace is train, but PriorityClass is cluster-scoped", "remove it"),
    ("clusterpolicy", "metadata.namespace", "train", "BP5017", "metadata.namespace",
     "metadata.namespace is train, but ClusterPolicy is cluster-scoped", "remove it"),
    ("account", "metadata.annotations", {"a": "x" * 262_144}, "BP5018", "metadata.annotations",
     "metadata.annotations has 262,145 bytes, but at most 262,144 are allowed", None),
    ("config", "data.big", "x" * 1_048_576, "BP5018", "data",
     "data has 1,048,585 bytes, but at most 1,048,576 are allowed", None),
    ("deployment", f"{MAIN}.args", ["x" * 3_145_728], "BP5018", "",
     "the object has 3,147,523 bytes as JSON, but the API server accepts at most 3,145,728",
     "split the object; nothing else in it was checked"),
    # kinds
    ("deployment", "apiVersion", "apps/v2", "BP5001", "apiVersion",
     "Deployment apps/v2 is not served by Kubernetes 1.36, but apps/v1 is", None),
    ("deployment", "kind", "Deploymnt", "BP5001", "kind", "Deploymnt apps/v1 is not served by Kubernetes 1.36",
     "did you mean Deployment?"),
    ("clusterpolicy", "apiVersion", "nvidia.com/v2", "BP5001", "apiVersion",
     "ClusterPolicy nvidia.com/v2 is not served, but nvidia.com/v1 is", None),
    ("clusterpolicy", "kind", "ClusterPolicies", "BP5002", "kind",
     "there is no schema for ClusterPolicies nvidia.com/v1",
     "add its CustomResourceDefinition to extraManifests"),
    ("deviceclass", "apiVersion", "resource.k8s.io/v1beta1", "BP5022", "apiVersion",
     "resource.k8s.io/v1beta1 is served only where the API server enables it", None),
    ("priority", "metadata.name", REMOVED, "BP5004", "metadata.name", "required field metadata.name is missing", None),
    ("priority", "kind", 5, "BP5005", "kind", "kind must be text", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "severity"),
    [
        ("creationTimestamp", "2026-11-21T10:00:00Z", Severity.WARNING),
        ("deletionGracePeriodSeconds", 30, Severity.WARNING),
        ("deletionTimestamp", "2026-11-21T10:00:00Z", Severity.WARNING),
        ("generation", 1, Severity.WARNING),
        ("managedFields", [{"manager": "kubectl"}], Severity.ERROR),
        ("resourceVersion", "7", Severity.ERROR),
        ("selfLink", "/api/v1/a", Severity.WARNING),
        ("uid", "u", Severity.ERROR),
    ],
)
def test_what_the_cluster_writes_is_not_ours_to_say(name: str, value: Any, severity: Severity) -> None:
    """The API server rejects some of it, and ignores the rest."""
    data = broken("config", f"metadata.{name}", value)
    [found] = check_objects(objects(config=data), kubernetes_minor="1.36")
    assert (found.code.id, found.path, found.severity) == ("BP5013", f"metadata.{name}", severity)
    data = broken("widget", f"spec.{name}", value)
    assert {each.code.id for each in check_objects(objects(widget=data), kubernetes_minor="1.36")} == {"BP5003"}


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("ClusterQueue", "kueue.x-k8s.io/v1beta2"),
        ("EC2NodeClass", "karpenter.k8s.aws/v1"),
        ("JobSet", "jobset.x-k8s.io/v1alpha2"),
        ("LocalQueue", "kueue.x-k8s.io/v1beta2"),
        ("NodePool", "karpenter.sh/v1"),
        ("PrometheusRule", "monitoring.coreos.com/v1"),
        ("ResourceFlavor", "kueue.x-k8s.io/v1beta2"),
        ("ServiceMonitor", "monitoring.coreos.com/v1"),
    ],
)
def test_the_version_of_an_operators_kind_is_named(kind: str, version: str) -> None:
    found = check_objects(objects(deployment=broken("deployment", "kind", kind)), kubernetes_minor="1.36")
    about = _about(found, "BP5001")
    assert (about.path, about.help) == ("apiVersion", f"use apiVersion: {version}")


def test_the_corpus_is_valid_under_every_minor_that_serves_it() -> None:
    """Otherwise no other test here would be meaningful."""
    assert check_objects(objects(), kubernetes_minor="1.36") == []
    assert check_objects(objects(), kubernetes_minor="1.34") == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}:{case[1]}")
def test_a_broken_object_gets_its_one_diagnostic(case: tuple[str, str, Any, str, str, str, str | None]) -> None:
    """Code, path, message and help are exact, and one mistake is one diagnostic."""
    name, field, value, code, path, message, help_ = case
    found = check_objects(objects(**{name: broken(name, field, value)}), kubernetes_minor="1.36")
    schema_findings = [d for d in found if d.code.id < "BP5100"]
    assert [d.code.id for d in schema_findings] == [code], [d.message for d in schema_findings]
    [diagnostic] = schema_findings
    assert (diagnostic.path or "") == path
    assert diagnostic.message.partition(": ")[2] == message
    assert diagnostic.help == help_


@pytest.mark.parametrize(
    ("name", "field", "value", "severity"),
    [
        ("deployment", "spec.strategy", None, Severity.WARNING),
        ("deployment", f"{MAIN}.args", [], Severity.WARNING),
        ("clusterpolicy", "spec.gfd.resources", {"requests": {"cpu": "1000m"}}, Severity.WARNING),
        ("deployment", "status", {"replicas": 1}, Severity.WARNING),
        ("deployment", f"{MAIN}.name", None, Severity.ERROR),
        ("networkpolicy", "spec.policyTypes[0]", None, Severity.ERROR),
        ("networkpolicy", "spec.policyTypes", [], Severity.WARNING),
        ("widget", "spec.name", None, Severity.ERROR),
        ("config", "metadata.uid", "u", Severity.ERROR),
        ("priority", "metadata.namespace", "train", Severity.ERROR),
    ],
)
def test_a_remark_is_what_the_api_server_puts_up_with(name: str, field: str, value: Any, severity: Severity) -> None:
    """Errors are what the API server rejects, or interprets differently than intended."""
    found = check_objects(objects(**{name: broken(name, field, value)}), kubernetes_minor="1.36")
    assert {d.severity for d in found} == {severity}


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("deployment", f"{MAIN}.resources.limits", {"nvidia.com/gpu": 1}),
        ("deployment", f"{MAIN}.resources.requests", {"cpu": 2, "memory": "2048Mi"}),
        ("deployment", f"{MAIN}.resources.requests", {"cpu": 0.5}),
        ("deployment", f"{MAIN}.resources.requests", {"cpu": "1000m"}),
        ("deployment", "spec.template.spec.volumes[0]", {"name": "s", "emptyDir": {"sizeLimit": "1024Mi"}}),
        ("quota", 'spec.hard["requests.nvidia.com/gpu"]', 8),
        ("clusterpolicy", "spec.gfd.resources", {"limits": {"nvidia.com/gpu": 1}}),
    ],
)
def test_another_spelling_of_the_same_amount_is_not_a_finding(name: str, field: str, value: Any) -> None:
    """Many write a number without quotes; comparisons with the live object compare the meaning."""
    found = check_objects(objects(**{name: broken(name, field, value)}), kubernetes_minor="1.36")
    assert [each.message for each in found if each.code.id == "BP5011"] == []


def test_only_values_count_towards_the_size_of_a_configmap() -> None:
    config = broken("config", "data", {"a-file.txt": "x" * 1_048_576})
    assert check_objects(objects(config=config), kubernetes_minor="1.36") == []


def test_an_empty_list_in_a_map_is_a_value() -> None:
    request = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "a"},
               "spec": {"request": "YQ==", "signerName": "a.example/b", "extra": {"scopes": []}}}  # fmt: skip
    assert check_objects(objects(request=request), kubernetes_minor="1.36") == []


def test_the_key_of_a_spread_constraint_need_not_be_a_label() -> None:
    """The API server takes any text there."""
    constraint = {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "ScheduleAnyway"}
    data = broken("deployment", "spec.template.spec.topologySpreadConstraints", [constraint])
    assert check_objects(objects(deployment=data), kubernetes_minor="1.36") == []
    constraint["topologyKey"] = ""
    assert [each.code.id for each in check_objects(objects(deployment=data), kubernetes_minor="1.36")] == ["BP5007"]


def _about(found: list[Diagnostic], code: str) -> Diagnostic:
    [diagnostic] = [d for d in found if d.code.id == code]
    return diagnostic


def test_a_misspelt_required_field_is_one_mistake() -> None:
    data = broken("deployment", f"{MAIN}.ports[0]", {"containerPrt": 80})
    found = check_objects(objects(deployment=data), kubernetes_minor="1.36")
    assert [d.code.id for d in found] == ["BP5003"]


def test_many_mistakes_in_one_object_are_all_told_at_once() -> None:
    data = broken("deployment", f"{MAIN}.imagePullPolicy", "never")
    data["spec"]["replicas"] = "3"
    data["metadata"]["labels"]["a b"] = "c"
    found = check_objects(objects(deployment=data), kubernetes_minor="1.36")
    assert {d.code.id for d in found} == {"BP5005", "BP5006", "BP5015"}
    assert all(d.subject == DEPLOY for d in found)


def test_a_version_that_another_minor_serves_is_named() -> None:
    found = check_objects(objects(), kubernetes_minor="1.33")
    message = _about([d for d in found if "DeviceClass" in d.message], "BP5001")
    assert "is not served by Kubernetes 1.33, but resource.k8s.io/v1alpha3" in message.message
    assert message.help == "Kubernetes 1.34 to 1.37 serve it"


def test_names_of_services_begin_with_a_letter_before_1_36() -> None:
    data = objects(service=broken("service", "metadata.name", "1st"))
    [found] = [d for d in check_objects(data, kubernetes_minor="1.35") if d.code.id == "BP5014"]
    assert found.message.endswith("metadata.name '1st' is invalid: the name of a Service begins with a letter")
    assert check_objects(data, kubernetes_minor="1.36") == []


def test_an_unknown_minor_is_a_finding_and_not_a_pass() -> None:
    found = check_objects(objects(), kubernetes_minor="1.20")
    assert [d.code.id for d in found] == ["BP5023"]
    assert "1.33, 1.34, 1.35, 1.36" in found[0].message


def test_the_same_object_twice_is_found_across_api_versions() -> None:
    found = check_objects(objects(again=VALID["priority"]), kubernetes_minor="1.36")
    assert _about(found, "BP5020").message == "PriorityClass/high: rendered twice, by corpus"


def test_a_resource_without_its_crd_is_an_error_and_with_it_is_checked() -> None:
    everything = [each for each in objects() if each.data["kind"] != "CustomResourceDefinition"]
    assert _about(check_objects(everything, kubernetes_minor="1.36"), "BP5002").severity is Severity.ERROR
    assert check_objects(everything, kubernetes_minor="1.36", crds=[VALID["crd"]]) == []


def test_a_crd_whose_schema_is_not_a_schema_is_refused_once_where_it_is_defined() -> None:
    data = broken("crd", "spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.name.pattern", "(")
    found = check_objects(objects(crd=data), kubernetes_minor="1.36")
    assert {d.code.id for d in found} == {"BP5021"}
    assert found[0].message.startswith("CustomResourceDefinition/widgets.example.com: the schema of Widget")


@pytest.mark.parametrize(
    "value",
    [{1, 2}, {1: "a"}, b"x", (1, object()), float("nan"), float("inf")],
    ids=["set", "key", "bytes", "object", "not a number", "infinity"],
)
@pytest.mark.parametrize("engine", ["jsonschema_rs", "jsonschema"])
def test_what_json_cannot_represent_is_a_diagnostic_without_a_traceback(value: Any, engine: str) -> None:
    data = [Object(broken("config", "data.mode", value), "x"), Object(VALID["namespace"], "x")]
    found = check_objects(data, kubernetes_minor="1.36", engine=engine)
    assert [(d.code.id, d.path) for d in found] == [("BP5005", "data.mode")]


def test_the_value_of_a_secret_is_in_no_text_of_the_report() -> None:
    data = broken("secret", "data", {"a": "hunter2!", "b": 12345678})
    found = check_objects(objects(secret=data), kubernetes_minor="1.36")
    assert len(found) == 2
    assert not [d for d in found if "hunter2" in repr(d) or "12345678" in repr(d)]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"annotations": {}}, "BP5004"),
        ({"finalizers": []}, "BP5004"),
        ({"labels": {}}, "BP5004"),
        ({"namespace": "train"}, "BP5004"),
        ({"ownerReferences": []}, "BP5004"),
        ({}, "BP5004"),
        ({"name": 5}, "BP5005"),
        ({"nmae": "a"}, "BP5003"),
        ({"version": 2}, "BP5002"),
        (None, "BP5002"),
        ({"generateName": "a-"}, "BP5002"),
        ({"name": "a"}, "BP5002"),
    ],
)
def test_a_file_of_a_program_may_have_a_kind_and_metadata_of_its_own(metadata: Any, code: str) -> None:
    """It is an object without a name only if its metadata looks like that of objects."""
    data = {"apiVersion": "acme.example/v1", "kind": "Report", "metadata": metadata}
    found = validate_objects([Object(data, "x")], kubernetes_minor="1.36", for_clients=True).diagnostics
    assert [each.code.id for each in found] == [code]


def test_where_names_are_not_generated_every_object_has_one() -> None:
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a-", "namespace": "train"}}
    named = validate_objects([Object(data, "x")], kubernetes_minor="1.36", for_clients=True, namespaces=["train"])
    assert named.diagnostics == ()
    assert len(named.well_formed) == 1
    plain = validate_objects([Object(data, "x")], kubernetes_minor="1.36", namespaces=["train"])
    assert [each.code.id for each in plain.diagnostics] == ["BP5004"]
    assert (plain.well_formed, plain.malformed) == ((), ())


def test_objects_that_can_be_judged_are_distinguished_from_those_that_cannot() -> None:
    """An object with an unexpected namespace can still be read; one with a field of the wrong type cannot."""
    readable = broken("priority", "metadata.namespace", "train")
    unreadable = broken("priority", "value", "high")
    unreadable["metadata"]["name"] = "other"
    found = validate_objects([Object(readable, "x"), Object(unreadable, "x")], kubernetes_minor="1.36")
    assert [each.id.name for each in found.well_formed] == ["high"]
    assert [each.id.name for each in found.malformed] == ["other"]


def test_a_second_object_of_the_same_name_is_named_with_the_first() -> None:
    first, second = FieldOrigin(Span("a.yaml", 4, 3, 4, 9)), FieldOrigin(Span("b.yaml", 2, 3, 2, 9))
    data = broken("priority", "value", 5)
    twice = [Object(data, "x", {(): first}), Object(data, "y", {(): second})]
    [found] = validate_objects(twice, kubernetes_minor="1.36").diagnostics
    assert found.message.endswith("rendered twice, by x and by y")
    assert found.at == second.template
    assert [(note.message, note.at) for note in found.notes] == [("first given here", first.template)]
    users = [Object(data, USERS), Object(data, USERS)]
    [found] = validate_objects(users, kubernetes_minor="1.36").diagnostics
    assert found.message.endswith(": given twice")


def test_a_minor_without_schemas_is_a_finding() -> None:
    [found] = check_objects(objects(), kubernetes_minor="1.2")
    assert found.message.startswith("there are no schemas for Kubernetes 1.2; supported: 1.30, ")
