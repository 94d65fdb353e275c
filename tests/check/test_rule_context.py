"""What rules know about the objects, their pods and the platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.bundle.model import USERS, FieldOrigin, Object, Taint
from blueprint.check.codes import RULE_FAILED, RULE_INCOMPLETE
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import Demand, as_admitted, may_run, required_terms, selected_labels
from blueprint.check.node_labels import LabelValues
from blueprint.check.rule import MISSING, Capability, Profile, rule
from blueprint.check.rule_context import (
    NoPlatform,
    PoolOffer,
    RuleContext,
    described_pods,
    inside,
    items,
    mapping,
    severity_across_files,
    tolerates,
)
from blueprint.check.runner import run_rules
from blueprint.check.workloads import ObjectReference, containers, references
from blueprint.diagnostics import Code, Severity, Span

TAINT = Taint("nvidia.com/gpu", "present", "NoSchedule")
AT = ("spec",)


def an_object(kind: str, name: str, namespace: str = "", *, api: str = "v1", file: str = "", **more: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    origins = {(): FieldOrigin(Span(file, 1, 1, 1, 2))} if file else {}
    return Object({"apiVersion": api, "kind": kind, "metadata": metadata, **more}, USERS, origins)


def pod(**spec: Any) -> Object:
    return an_object("Pod", "job", "team", spec=spec)


def described(**spec: Any) -> Any:
    [found] = described_pods(pod(**spec))
    return found


def context(*objects: Object, capabilities: tuple[Capability, ...] = ()) -> RuleContext:
    return RuleContext(objects, NoPlatform(frozenset(capabilities)))


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": ""}, True),
        ({"key": "nvidia.com/gpu", "operator": "Equal", "value": "present"}, True),
        ({"key": "nvidia.com/gpu", "value": "present"}, True),
        ({"key": "nvidia.com/gpu", "value": "absent"}, False),
        ({"key": "nvidia.com/gpu"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "other", "value": "present"}, False),
        ({"operator": "Exists"}, True),
        ({"key": "", "operator": "Exists"}, True),
        ("text", False),
    ],
)
def test_tolerations_are_read_as_the_scheduler_does(toleration: Any, tolerated: bool) -> None:
    assert tolerates([toleration], TAINT) is tolerated
    assert tolerates([{"key": "more"}, toleration], TAINT) is tolerated


def test_a_taint_without_a_value_and_one_that_only_discourages() -> None:
    assert tolerates([{"key": "a"}], Taint("a", "", "NoSchedule"))
    assert tolerates(None, Taint("a", "", "PreferNoSchedule"))
    assert not tolerates(None, TAINT)


def test_fields_of_another_type_are_taken_for_nothing() -> None:
    assert (mapping(["a"]), mapping(None), mapping({"a": 1})) == ({}, {}, {"a": 1})
    assert (items({"a": 1}), items(None), items(["a"])) == ([], [], ["a"])
    assert inside({"a": {"b": 1}}, "a", "b") == 1
    assert inside({"a": ["b"]}, "a", "b") is None
    assert inside({"a": None}, "a", "b") is None
    assert inside({"a": 1}) == {"a": 1}


def test_objects_are_found_by_group_kind_namespace_and_name() -> None:
    ours = an_object("Queue", "a", api="scheduling.run.ai/v2")
    theirs = an_object("Queue", "b", api="volcano.sh/v1")
    local = an_object("ConfigMap", "a", "team")
    other = an_object("ConfigMap", "a", "other")
    known = context(ours, theirs, local, other)
    assert known.named("scheduling.run.ai", "Queue") == {"a": ours}
    assert known.named("volcano.sh", "Queue") == {"b": theirs}
    assert known.named("", "ConfigMap", "team") == {"a": local}
    assert known.named("", "ConfigMap", "nowhere") == {}
    assert known.find("ConfigMap", "a", "other") is other
    assert known.find("ConfigMap", "a") is local
    assert known.find("ConfigMap", "b") is None
    assert known.objects_of_kind("Secret") == []


def test_what_a_rule_makes_of_the_context_is_made_once() -> None:
    made = []
    known = context()

    def make(given: RuleContext) -> list[RuleContext]:
        made.append(given)
        return made

    assert known.once(make) is known.once(make)
    assert made == [known]


def test_the_operator_is_where_its_deployment_or_its_subscription_is() -> None:
    deployment = an_object("Deployment", "gpu-operator", "nvidia", api="apps/v1")
    subscription = an_object("Subscription", "gpu-operator-certified", "olm", api="operators.coreos.com/v1alpha1")
    of_operator = Object(subscription.data, "gpu-operator")
    assert context().operator_namespace == "gpu-operator"
    assert context(subscription).operator_namespace == "gpu-operator", "of somebody else"
    assert context(of_operator).operator_namespace == "olm"
    assert context(of_operator, deployment).operator_namespace == "nvidia"


def test_two_files_may_be_samples_of_which_one_is_applied() -> None:
    one, same, other = (
        an_object("Pod", name, file=file) for name, file in (("a", "a.yaml"), ("b", "a.yaml"), ("c", "c.yaml"))
    )
    known = context(one, same, other)
    assert severity_across_files(one, other, known) is Severity.NOTE
    assert severity_across_files(one, same, known) is None
    assert severity_across_files(one, an_object("Pod", "d"), known) is None
    for each in (Capability.BLUEPRINT, Capability.COMPLETE):
        assert severity_across_files(one, other, context(one, other, capabilities=(each,))) is None
    assert severity_across_files(one, other, context(one, other, capabilities=(Capability.POOLS,))) is Severity.NOTE


def test_a_pod_has_containers_metadata_and_requests() -> None:
    job = an_object("Job", "train", "team", api="batch/v1", spec={"template": {
        "metadata": {"labels": {"app": "train"}},
        "spec": {
            "initContainers": [{"name": "i", "resources": {"limits": {"nvidia.com/gpu": 1, "cpu": 2}}}],
            "containers": [{"name": "c", "resources": {"requests": {"nvidia.com/mig-1g.5gb": "2"}}}],
        }}})  # fmt: skip
    [found] = described_pods(job)
    at = ("spec", "template", "spec")
    assert found.path == at
    assert found.metadata == {"labels": {"app": "train"}}
    assert [path for path, _ in found.containers] == [(*at, "initContainers", 0), (*at, "containers", 0)]
    assert found.requests == (
        ((*at, "initContainers", 0, "resources", "limits", "nvidia.com/gpu"), "nvidia.com/gpu", 1),
        ((*at, "containers", 0, "resources", "requests", "nvidia.com/mig-1g.5gb"), "nvidia.com/mig-1g.5gb", "2"),
    )


def test_the_pods_of_every_workload_are_there() -> None:
    config = an_object("ConfigMap", "a", "team")
    deployment = an_object("Deployment", "a", "team", api="apps/v1", spec={"template": {"spec": {"containers": []}}})
    assert [each.subject for each in context(config, pod(containers=[]), deployment).pods] == [
        pod(containers=[]),
        deployment,
    ]


def test_everything_that_a_pod_refers_to_is_found_with_its_path() -> None:
    spec = {
        "serviceAccountName": "runner",
        "volumes": [
            {"name": "a", "configMap": {"name": "settings"}},
            {"name": "b", "secret": {"secretName": "token", "optional": True}},
            {"name": "c", "projected": {"sources": [{"secret": {"name": "s"}},
                                                    {"configMap": {"name": "m", "optional": False}}]}},
            {"name": "d", "emptyDir": {}},
        ],
        "containers": [{
            "env": [{"name": "A", "value": "x"},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "k", "key": "v"}}},
                    {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "l", "key": "v", "optional": True}}}],
            "envFrom": [{"configMapRef": {"name": "e"}}, {"secretRef": {"name": "f", "optional": True}}],
        }],
        "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "g"}}]}],
    }  # fmt: skip
    main = (*AT, "containers", 0)
    assert list(references(AT, spec)) == [
        ObjectReference("ServiceAccount", "runner", (*AT, "serviceAccountName")),
        ObjectReference("ConfigMap", "settings", (*AT, "volumes", 0, "configMap", "name")),
        ObjectReference("Secret", "token", (*AT, "volumes", 1, "secret", "secretName"), optional=True),
        ObjectReference("Secret", "s", (*AT, "volumes", 2, "projected", "sources", 0, "secret", "name")),
        ObjectReference("ConfigMap", "m", (*AT, "volumes", 2, "projected", "sources", 1, "configMap", "name")),
        ObjectReference("Secret", "k", (*main, "env", 1, "valueFrom", "secretKeyRef", "name")),
        ObjectReference("ConfigMap", "l", (*main, "env", 2, "valueFrom", "configMapKeyRef", "name"), optional=True),
        ObjectReference("ConfigMap", "e", (*main, "envFrom", 0, "configMapRef", "name")),
        ObjectReference("Secret", "f", (*main, "envFrom", 1, "secretRef", "name"), optional=True),
        ObjectReference("Secret", "g", (*AT, "ephemeralContainers", 0, "envFrom", 0, "secretRef", "name")),
    ]


def test_a_container_may_stand_in_a_field_of_its_own() -> None:
    spec = {"containers": [{"name": "a"}, 7], "model": {"name": "b"}}
    assert list(containers(AT, spec, "model")) == [
        ((*AT, "model"), {"name": "b"}), ((*AT, "containers", 0), {"name": "a"}), ((*AT, "containers", 1), {}),
    ]  # fmt: skip
    assert [path for path, _ in containers(AT, spec)] == [(*AT, "containers", 0), (*AT, "containers", 1)]
    assert [path for path, _ in containers(AT, {"model": 7}, "model")] == []


@pytest.mark.parametrize(
    ("values", "operator", "wanted", "met"),
    [
        (LabelValues(("a", "b")), "In", ["b", "c"], True),
        (LabelValues(("a", "b")), "In", ["c", 7], False),
        (LabelValues(("a", "b")), "NotIn", ["a"], True),
        (LabelValues(("a",)), "NotIn", ["a"], False),
        (LabelValues(("100",), 5), "NotIn", ["100"], True),
        (LabelValues(("100",), 5), "In", ["105"], True),
        (LabelValues(("100",), 5), "In", ["106"], False),
        (LabelValues(("100",)), "In", ["101"], False),
        (LabelValues(("100",)), "Gt", ["99"], True),
        (LabelValues(("100",)), "Gt", ["100"], False),
        (LabelValues(("100",), 5), "Gt", ["104"], True),
        (LabelValues(("100",), 5), "Gt", ["105"], False),
        (LabelValues(("80", "100")), "Gt", ["90"], True),
        (LabelValues(("100",)), "Lt", ["101"], True),
        (LabelValues(("100",)), "Lt", ["100"], False),
        (LabelValues(("100",), 5), "Lt", ["96"], True),
        (LabelValues(("100",), 5), "Lt", ["95"], False),
        (LabelValues(("80", "100")), "Lt", ["90"], True),
        (LabelValues(("a",)), "Gt", ["1"], True),  # not known to be a number
        (LabelValues(("1",)), "Lt", ["a"], True),
        (LabelValues(("1",)), "Gt", [7], True),
        (LabelValues(("1",)), "Gt", ["\u0662"], True),  # Kubernetes reads no digits of other scripts
        (LabelValues(("7",)), "In", ["07"], False),
        (LabelValues(("100",), 5), "In", ["a"], False),
        (LabelValues(("a",)), "Exists", [], True),
        (LabelValues(("a",)), "DoesNotExist", [], False),
    ],
)
def test_a_label_meets_a_demand(values: LabelValues, operator: str, wanted: list[Any], met: bool) -> None:
    assert values.may(operator, wanted) is met


A100 = PoolOffer("a", {"nvidia.com/gpu": 8}, labels={"pool": "a"}, discovered={"gpu": LabelValues(("A100",))})
H100 = PoolOffer(
    "h", {"nvidia.com/gpu": 8}, labels={"pool": "h", "fast": "yes"}, discovered={"gpu": LabelValues(("H100",))}
)


@pytest.mark.parametrize(
    ("spec", "pools"),
    [
        ({}, "ah"),
        ({"nodeSelector": {"pool": "a"}}, "a"),
        ({"nodeSelector": {"gpu": "H100"}}, "h"),
        ({"nodeSelector": {"gpu": "H100", "pool": "a"}}, ""),
        ({"nodeSelector": {"fast": "yes"}}, "h"),  # the other pool has no such label
        ({"nodeSelector": {"zone": "b"}}, "ah"),  # not declared
        ({"affinity": [{"key": "pool", "operator": "In", "values": ["h"]}]}, "h"),
        ({"affinity": [{"key": "fast", "operator": "NotIn", "values": ["yes"]}]}, "a"),
        ({"affinity": [{"key": "fast", "operator": "DoesNotExist"}]}, "a"),
        ({"affinity": [{"key": "fast", "operator": "Exists"}]}, "h"),
        ({"nodeSelector": {"pool": "a"}, "affinity": [{"key": "gpu", "operator": "In", "values": ["H100"]}]}, ""),
    ],
)
def test_pods_run_where_the_labels_allow_it(spec: dict[str, Any], pools: str) -> None:
    terms = [{"matchExpressions": spec["affinity"]}] if "affinity" in spec else []
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    found = described(**{**spec, "affinity": {"nodeAffinity": required}})
    assert "".join(each.name for each in (A100, H100) if may_run(found, each, (A100, H100))) == pools


def test_one_of_several_terms_is_enough() -> None:
    terms = [{"matchExpressions": [{"key": "pool", "operator": "In", "values": [name]}]} for name in ("x", "h")]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    found = described(affinity={"nodeAffinity": required}, nodeSelector={"gpu": "H100"})
    assert may_run(found, H100, (A100, H100))
    assert not may_run(found, A100, (A100, H100))
    assert selected_labels(found) == (Demand((*AT, "nodeSelector", "gpu"), "gpu", "In", ("H100",)),)
    at = (*AT, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    assert required_terms(found) == [
        (Demand((*at, index, "matchExpressions", 0, "values"), "pool", "In", (name,)),)
        for index, name in enumerate("xh")
    ]


def test_a_runtime_class_adds_tolerations_and_overhead() -> None:
    kata = an_object(
        "RuntimeClass", "kata", api="node.k8s.io/v1", handler="kata", overhead={"podFixed": {"cpu": "250m"}},
        scheduling={"tolerations": [{"key": "kata", "operator": "Exists"}], "nodeSelector": {"a": "b"}},
    )  # fmt: skip
    own = {"key": "own", "operator": "Exists"}
    admitted = as_admitted(described(runtimeClassName="kata", tolerations=[own]), context(kata))
    assert admitted.spec["tolerations"] == [own, {"key": "kata", "operator": "Exists"}]
    assert admitted.spec["overhead"] == {"cpu": "250m"}
    assert "nodeSelector" not in admitted.spec
    for name in ("other", 7, ["kata"], None):
        plain = described(runtimeClassName=name)
        assert as_admitted(plain, context(kata)) is plain


def test_each_profile_contains_those_before_it() -> None:
    order = [Profile.MINIMAL, Profile.RECOMMENDED, Profile.STRICT]
    assert [[one.contains(other) for other in order] for one in order] == [
        [True, False, False], [True, True, False], [True, True, True],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "given", "profile"),
    [
        (RULE_FAILED, None, Profile.MINIMAL),
        (RULE_INCOMPLETE, None, Profile.RECOMMENDED),
        (RULE_INCOMPLETE, Profile.MINIMAL, Profile.MINIMAL),
        (RULE_FAILED, Profile.STRICT, Profile.STRICT),
    ],
)
def test_a_rule_has_the_given_profile_or_that_of_its_severity(
    code: Code, given: Profile | None, profile: Profile
) -> None:
    def check(_: Object, __: RuleContext) -> Iterator[ObjectFinding]:
        """What it is about.

        More about it.
        """
        return iter(())

    made = rule(code, profile=given)(check)
    assert made.profile is profile
    assert made.about == "What it is about."
    check.__doc__ = None
    assert made.about == ""


def test_what_is_missing_is_named_for_every_capability() -> None:
    assert MISSING.keys() == set(Capability)


def scaler(kind: str) -> Object:
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "serve"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 2}
    return an_object(
        "HorizontalPodAutoscaler", "serve", "team", api="autoscaling/v2", file="serving/scaler.yaml", spec=spec
    )


SERVICE = {"service": {"name": "serve", "port": {"number": 80}}}
VOLUME = {"name": "data", "persistentVolumeClaim": {"claimName": "serve"}}
NAMING = {
    "Deployment": ("apps/v1", "BP6165", scaler("Deployment")),
    "StatefulSet": ("apps/v1", "BP6165", scaler("StatefulSet")),
    "ReplicaSet": ("apps/v1", "BP6165", scaler("ReplicaSet")),
    "Service": ("v1", "BP6166", an_object("Ingress", "web", "team", api="networking.k8s.io/v1", file="serving/web.yaml",
                                          spec={"defaultBackend": SERVICE})),
    "PersistentVolumeClaim": ("v1", "BP6167", an_object("Pod", "job", "team", file="serving/pod.yaml", spec={
        "containers": [{"name": "c", "image": "a:1"}], "volumes": [VOLUME]})),
}  # fmt: skip
"""By kind, an object that names one of it which is not there, and the code of that."""


@pytest.mark.parametrize("kind", NAMING)
@pytest.mark.parametrize(
    ("file", "capability", "severity"),
    [
        ("serving/other.yaml", None, Severity.WARNING),
        ("training/other.yaml", None, Severity.NOTE),
        ("training/other.yaml", Capability.BLUEPRINT, Severity.WARNING),
        ("training/other.yaml", Capability.COMPLETE, Severity.ERROR),
        ("", None, Severity.NOTE),
    ],
)
def test_what_is_missing_beside_others_of_its_kind_is_worse_than_in_a_folder_without(
    kind: str, file: str, capability: Capability | None, severity: Severity
) -> None:
    """A folder without any object of the kind may be a sample, whose references exist already."""
    api, code, subject = NAMING[kind]
    other = an_object(kind, "another", "team", api=api, file=file)
    facts = NoPlatform(frozenset({capability} if capability else ()))
    found = run_rules(RuleContext([subject, other], facts)).diagnostics
    assert [each.severity for each in found if each.code.id == code] == [severity]
    unknown = Object(subject.data, USERS)
    assert [each.severity for each in run_rules(RuleContext([unknown, other], NoPlatform())).diagnostics
            if each.code.id == code] == [Severity.WARNING]  # fmt: skip


def test_the_place_of_the_metadata_is_that_of_the_object() -> None:
    """If a template is from one folder and its content from another."""
    api, code, subject = NAMING["Service"]
    elsewhere = {(): FieldOrigin(Span("training/web.yaml", 1, 1, 1, 2))}
    here = {("metadata",): FieldOrigin(Span("serving/web.yaml", 1, 1, 1, 2))}
    other = an_object("Service", "another", "team", api=api, file="serving/other.yaml")
    found = run_rules(
        RuleContext([Object(subject.data, USERS, {**elsewhere, **here}), other], NoPlatform())
    ).diagnostics
    assert [each.severity for each in found if each.code.id == code] == [Severity.WARNING]
