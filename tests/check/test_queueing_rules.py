"""Rules about queues and their workloads, condition by condition: a page's good example, with one field changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object
from blueprint.check.rule import Capability
from blueprint.check.rule_context import NoPlatform, PoolOffer, RuleContext
from blueprint.check.rules import all_rules
from blueprint.check.runner import run_rules
from blueprint.diagnostics import Severity
from blueprint.records import replace
from blueprint.source.paths import parse_path
from tests.support.rule_facts import context, dra

PAGES = {code.id: code.page for each in all_rules() for code in each.codes}
GONE = object()
QUOTA = "spec.resourceGroups[0].flavors[0].resources[2]"
TEMPLATE = "spec.template.metadata"
LABELS = 'metadata.labels["kueue.x-k8s.io/queue-name"]'
KUEUE = "kueue.x-k8s.io"


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The object with some fields set, added or removed."""
    data = copy.deepcopy(data)
    for text, value in changes.items():
        *above, last = parse_path(text)
        here: Any = data
        for step in above:
            here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
        if value is GONE:
            del here[last]
        else:
            here[last] = value
    return data


def found(
    code: str, kind: str, changes: dict[str, Any], *capabilities: Capability, without: str = "", **more: Any
) -> dict[str, Severity]:
    """The findings for the good example of a page after the changes, by code; `without` omits a kind."""
    documents = [each for each in yaml.safe_load_all(PAGES[code].good) if each["kind"] != without]
    documents = [changed(each, changes) if each["kind"] == kind else each for each in documents]
    objects = [Object(each, USERS) for each in (*documents, *more.values())]
    result = run_rules(RuleContext(objects, NoPlatform(frozenset(capabilities))))
    assert not result.failed
    return {each.code.id: each.override or each.code.severity for each in result.diagnostics}


VARIANTS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("BP6539", "ClusterQueue", {"spec.resourceGroups[0].flavors[0].name": "a100"}, {"BP6539"}),
    ("BP6539", "ClusterQueue", {"apiVersion": "other.example/v1", f"{QUOTA}.borrowingLimit": "1",
                                "spec.resourceGroups[0].flavors[0].name": "a100",
                                "spec.resourceGroups[0].coveredResources": ["cpu", "cpu"]}, set()),
    ("BP6539", "ClusterQueue", {"kind": "Cohort", "spec.resourceGroups[0].flavors[0].name": "a100"}, {"BP6539"}),
    ("BP6540", "ClusterQueue", {"spec.resourceGroups[0].coveredResources": ["cpu", "memory"]}, {"BP6540"}),
    ("BP6541", "ClusterQueue", {"spec.resourceGroups[1].flavors[0].name": "h100"}, {"BP6541"}),
    (
        "BP6541",
        "ClusterQueue",
        {
            "spec.resourceGroups[1].coveredResources": ["cpu"],
            "spec.resourceGroups[1].flavors[0].resources[0].name": "cpu",
        },
        {"BP6541"},
    ),
    ("BP6542", "ClusterQueue", {"spec.cohortName": GONE}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {"spec.cohortName": GONE, f"{QUOTA}.borrowingLimit": GONE}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.lendingLimit": "8"}, set()),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.lendingLimit": "9"}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.borrowingLimit": "-1"}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.nominalQuota": GONE}, set()),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.lendingLimit": "many"}, set()),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.nominalQuota": "-8", f"{QUOTA}.lendingLimit": GONE}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {f"{QUOTA}.nominalQuota": "0", f"{QUOTA}.lendingLimit": "0"}, set()),
    (
        "BP6542",
        "ClusterQueue",
        {"apiVersion": f"{KUEUE}/v1beta1", "spec.cohortName": GONE, "spec.cohort": "all"},
        set(),
    ),
    ("BP6542", "ClusterQueue", {"kind": "Cohort", "spec.cohortName": GONE, "spec.parentName": "all"}, set()),
    (
        "BP6542",
        "ClusterQueue",
        {"kind": "Cohort", "spec.cohortName": GONE, "spec.parentName": "all", f"{QUOTA}.lendingLimit": "9"},
        set(),
    ),
    ("BP6542", "ClusterQueue", {"kind": "Cohort", "spec.cohortName": GONE}, {"BP6542"}),
    ("BP6542", "ClusterQueue", {"kind": "Cohort", "apiVersion": f"{KUEUE}/v1alpha1", "spec.cohortName": GONE,
                                "spec.parent": "all"}, {"BP6554"}),
    ("BP6544", "ClusterQueue", {"spec.preemption.reclaimWithinCohort": "Never"}, {"BP6544"}),
    ("BP6544", "ClusterQueue", {"spec.preemption.reclaimWithinCohort": "Never", "apiVersion": "other.example/v1"},
     set()),
    ("BP6544", "ClusterQueue", {"spec.preemption.borrowWithinCohort.policy": "Never"}, set()),
    (
        "BP6544",
        "ClusterQueue",
        {"spec.preemption": {"reclaimWithinCohort": "Never", "borrowWithinCohort": {"policy": "Never"}}},
        set(),
    ),
    (
        "BP6544",
        "ClusterQueue",
        {"spec.flavorFungibility": {"preference": "BorrowingOverPreemption", "whenCanBorrow": "TryNextFlavor"}},
        set(),
    ),
    ("BP6544", "ClusterQueue", {"spec.flavorFungibility": {"preference": "BorrowingOverPreemption"}}, {"BP6544"}),
    ("BP6544", "ClusterQueue", {"spec.flavorFungibility": {"whenCanPreempt": "MayStopSearch"}}, set()),
    (
        "BP6544",
        "ClusterQueue",
        {
            "spec.flavorFungibility": {
                "preference": "BorrowingOverPreemption",
                "whenCanBorrow": "TryNextFlavor",
                "whenCanPreempt": "MayStopSearch",
            }
        },
        {"BP6544"},
    ),
    ("BP6545", "ClusterQueue", {"spec.namespaceSelector": GONE}, {"BP6545"}),
    ("BP6545", "ClusterQueue", {"spec.namespaceSelector": GONE, "apiVersion": "other.example/v1"}, set()),
    ("BP6546", "LocalQueue", {"apiVersion": "other.example/v1", "spec.clusterQueue": "another"}, set()),
    ("BP6547", "Job", {LABELS: "another"}, {"BP6547"}),
    ("BP6547", "Job", {LABELS: "another", "metadata.namespace": "elsewhere"}, set()),
    ("BP6547", "Job", {LABELS: "another", "apiVersion": "batch.volcano.sh/v1alpha1"}, set()),
    ("BP6548", "Job", {LABELS: GONE}, set()),
    ("BP6548", "Job", {LABELS: GONE, f'metadata.annotations["{KUEUE}/queue-name"]': "research"}, {"BP6548"}),
    ("BP6548", "Job", {f'{TEMPLATE}.labels["{KUEUE}/queue-name"]': "research"}, set()),
    (
        "BP6548",
        "Job",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            LABELS: GONE,
            f'{TEMPLATE}.labels["{KUEUE}/queue-name"]': "research",
        },
        set(),
    ),
    ("BP6549", "Job", {f'{TEMPLATE}.annotations["{KUEUE}/podset-require-topology"]': "rack"}, {"BP6549"}),
    ("BP6549", "Job", {f'metadata.labels["{KUEUE}/zzz"]': "x"}, set()),
    ("BP6549", "Job", {'metadata.labels["acme.example/priorityclass"]': "x"}, set()),
    ("BP6549", "Job", {"kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1",
                       f'metadata.labels["{KUEUE}/priorityclass"]': "x"}, set()),
    ("BP6550", "Job", {f'metadata.annotations["{KUEUE}/job-min-parallelism"]': "0"}, {"BP6550"}),
    ("BP6550", "Job", {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
                       f'metadata.annotations["{KUEUE}/job-min-parallelism"]': "0"}, set()),
    ("BP6550", "Job", {f'metadata.annotations["{KUEUE}/job-min-parallelism"]': "half"}, {"BP6550"}),
    ("BP6550", "Job", {"spec.parallelism": 8, "spec.completions": 1}, {"BP6159", "BP6550"}),
    ("BP6550", "Job", {f'metadata.annotations["{KUEUE}/job-completions-equal-parallelism"]': "true"}, set()),
    (
        "BP6550",
        "Job",
        {f'metadata.annotations["{KUEUE}/job-completions-equal-parallelism"]': "true", "spec.completions": 4},
        {"BP6550"},
    ),
    (
        "BP6550",
        "Job",
        {f'metadata.annotations["{KUEUE}/job-completions-equal-parallelism"]': "true", "spec.completionMode": GONE},
        {"BP6550"},
    ),
    ("BP6550", "Job", {f'metadata.annotations["{KUEUE}/job-completions-equal-parallelism"]': "false",
                       "spec.completionMode": GONE}, set()),
    ("BP6551", "Job", {f'{TEMPLATE}.annotations["{KUEUE}/podset-unconstrained-topology"]': "true"}, {"BP6551"}),
    ("BP6551", "Job", {f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-size"]': "2"}, {"BP6551"}),
    ("BP6551", "Job", {f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-required-topology"]': "rack"}, {"BP6551"}),
    ("BP6551", "Job", {f'metadata.annotations["{KUEUE}/podset-required-topology"]': "rack"}, {"BP6551"}),
    ("BP6551", "Job", {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
                       f'metadata.annotations["{KUEUE}/podset-required-topology"]': "rack"}, set()),
    ("BP6551", "Job", {"apiVersion": "apps/v1", "kind": "StatefulSet",
                       f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-size"]': "3",
                       f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-required-topology"]': "rack"}, set()),
    *[
        (
            "BP6551",
            "Job",
            {
                f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-size"]': size,
                f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-required-topology"]': "rack",
            },
            codes,
        )
        for size, codes in (("2", set()), ("3", {"BP6551"}), ("0", {"BP6551"}), ("many", {"BP6551"}))
    ],
    *[
        (
            "BP6551",
            "Job",
            {f'{TEMPLATE}.annotations["{KUEUE}/podset-group-name"]': name, **more},
            codes,
        )
        for name, more, codes in (
            ("ring", {}, set()),
            (
                "ring",
                {
                    f'{TEMPLATE}.annotations["{KUEUE}/podset-required-topology"]': GONE,
                    f'{TEMPLATE}.annotations["{KUEUE}/podset-preferred-topology"]': "rack",
                },
                set(),
            ),
            ("7", {}, {"BP6551"}),
            ("ring", {f'{TEMPLATE}.annotations["{KUEUE}/podset-required-topology"]': GONE}, {"BP6551"}),
            (
                "ring",
                {
                    f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-size"]': "2",
                    f'{TEMPLATE}.annotations["{KUEUE}/podset-slice-required-topology"]': "rack",
                },
                {"BP6551"},
            ),
        )
    ],
    ("BP6552", "Topology", {"spec.levels[1].nodeLabel": "acme.example/block"}, {"BP6552"}),
    ("BP6552", "Topology", {"spec.levels[2].nodeLabel": "acme.example/slot"}, {"BP6552"}),
    (
        "BP6552",
        "Topology",
        {"apiVersion": "kai.scheduler/v1alpha1", "spec.levels[2].nodeLabel": "acme.example/slot"},
        set(),
    ),
    ("BP6552", "Topology", {"apiVersion": "kai.scheduler/v1alpha1", "spec.levels[1].nodeLabel": "acme.example/block"},
     {"BP6552"}),
    ("BP6552", "Topology", {"apiVersion": "other.example/v1", "spec.levels[1].nodeLabel": "acme.example/block"}, set()),
    ("BP6552", "Topology", {"spec.levels": []}, set()),
    ("BP6553", "ResourceFlavor", {"apiVersion": "other.example/v1", "spec.topologyName": "another"}, set()),
    ("BP6553", "ResourceFlavor", {"spec.nodeLabels": GONE}, {"BP6553"}),
    ("BP6553", "ResourceFlavor", {"spec.topologyName": GONE, "spec.nodeLabels": GONE}, set()),
    ("BP6554", "ClusterQueue", {"spec.admissionChecks": ["check"]}, {"BP6554"}),
    ("BP6554", "ClusterQueue", {"apiVersion": f"{KUEUE}/v1beta1"}, {"BP6554"}),
    ("BP6554", "ClusterQueue", {"apiVersion": f"{KUEUE}/v1alpha1"}, {"BP6554"}),
    ("BP6554", "ClusterQueue", {"apiVersion": f"{KUEUE}/v1beta1", "spec.cohortName": GONE, "spec.cohort": "a"}, set()),
    ("BP6554", "ClusterQueue", {"kind": "Cohort", "spec.cohort": "a"}, set()),
    ("BP6556", "Job", {"spec.parallelism": 3, "spec.completions": 3}, {"BP6556"}),
    ("BP6556", "Job", {"spec.parallelism": 3}, {"BP6159"}),
    ("BP6556", "Job", {"spec.parallelism": 3, "spec.completions": 3,
                       f'metadata.annotations["{KUEUE}/job-min-parallelism"]': "2"}, set()),
    ("BP6556", "Job", {"apiVersion": "apps/v1", "kind": "Deployment", "spec.replicas": 9}, set()),
    ("BP6556", "Job", {"spec.template.spec.containers[0].resources.limits.memory": "1Ti"}, {"BP6556"}),
    (
        "BP6556",
        "Job",
        {"spec.template.spec.containers[0].resources.requests": {"memory": "64Gi"},
         "spec.template.spec.containers[0].resources.limits.memory": "1Ti"},
        set(),
    ),
    ("BP6556", "Job", {"spec.template.spec.containers[0].resources.limits": {7: 1, "cpu": 1}}, set()),
    ("BP6556", "Job", {"spec.template.spec.initContainers": [{"resources": {"limits": {"nvidia.com/gpu": 8}}}]}, set()),
    ("BP6556", "ClusterQueue", {f"{QUOTA}.nominalQuota": GONE}, set()),
    ("BP6556", "ClusterQueue", {f"{QUOTA}.nominalQuota": "6"}, {"BP6556"}),
    ("BP6556", "ClusterQueue", {f"{QUOTA}.nominalQuota": "6", "spec.cohortName": "all"}, set()),
    (
        "BP6556",
        "ClusterQueue",
        {f"{QUOTA}.nominalQuota": "6", "spec.cohortName": "all", f"{QUOTA}.borrowingLimit": "1"},
        {"BP6556"},
    ),
    (
        "BP6556",
        "ClusterQueue",
        {f"{QUOTA}.nominalQuota": "6", "spec.cohortName": "all", f"{QUOTA}.borrowingLimit": "2"},
        set(),
    ),
    ("BP6555", "Job", {'spec.template.spec.containers[0].resources.limits["vendor.example/dpu"]': 1}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "changes", "codes"), VARIANTS)
def test_each_condition_counts(code: str, kind: str, changes: dict[str, Any], codes: set[str]) -> None:
    assert set(found(code, kind, changes)) == codes


COMPLETE = (Capability.COMPLETE,)
IN_BLUEPRINT = (Capability.COMPLETE, Capability.BLUEPRINT)


@pytest.mark.parametrize(
    ("code", "kind", "missing", "field", "beside"),
    [
        ("BP6539", "ClusterQueue", "ResourceFlavor", "spec.resourceGroups[0].flavors[0].name", ()),
        ("BP6546", "LocalQueue", "ClusterQueue", "spec.clusterQueue", ()),
        ("BP6547", "Job", "LocalQueue", LABELS, ()),
        ("BP6553", "ResourceFlavor", "Topology", "spec.topologyName", ()),
    ],
)
def test_what_is_named_may_be_elsewhere(code: str, kind: str, missing: str, field: str, beside: Any) -> None:
    """A missing name beside others of its kind is a warning; without any, it is unknown; in a complete input it is an
    error.
    """
    other = {field: "another"}
    assert found(code, kind, other) == {code: Severity.WARNING}
    assert found(code, kind, other, *IN_BLUEPRINT) == {code: Severity.WARNING}
    assert code not in found(code, kind, {}, without=missing)
    assert code not in found(code, kind, {}, *IN_BLUEPRINT, without=missing)
    assert found(code, kind, other, *COMPLETE)[code] is Severity.ERROR
    assert found(code, kind, {}, *COMPLETE, without=missing)[code] is Severity.ERROR


@pytest.mark.parametrize(
    ("name", "help_"), [("reserch", "did you mean research?"), ("zzz", "existing: research"), ("research", None)]
)
def test_the_names_there_are_offered(name: str, help_: str | None) -> None:
    documents = [changed(each, {LABELS: name} if each["kind"] == "Job" else {})
                 for each in yaml.safe_load_all(PAGES["BP6547"].good)]  # fmt: skip
    found = run_rules(RuleContext([Object(each, USERS) for each in documents], NoPlatform())).diagnostics
    assert [each.help for each in found] == ([help_] if help_ else [])


def test_a_workload_is_placed_by_annotations_of_its_pods_once() -> None:
    """An object with several templates is reported once, less severely than a request that is rejected."""
    key = f"{KUEUE}/podset-required-topology"
    pod = {"template": {"spec": {"containers": []}}}
    spec = {"headGroupSpec": pod, "workerGroupSpecs": [pod, pod]}
    data = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "r", "annotations": {key: "rack"}}}
    results = run_rules(RuleContext([Object({**data, "spec": spec}, USERS)], NoPlatform()))
    assert [(each.code.id, each.override) for each in results.diagnostics] == [("BP6551", Severity.WARNING)]


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"quotaCheckStrategy": "IgnoreUndeclared"}, set()),
        ({"excludeResourcePrefixes": ["vendor.example/"]}, set()),
        ({"excludeResourcePrefixes": ["vpc.amazonaws.com/"]}, {"BP6555"}),
        ({"transformations": [{"input": "vendor.example/dpu", "strategy": "Replace", "outputs": {}}]}, set()),
        ({}, {"BP6555"}),
        ({"limits": {"vendor.example/dpu": 0}}, set()),
    ],
)
def test_resources_that_the_manager_ignores_need_no_quota(settings: dict[str, Any], codes: set[str]) -> None:
    amount = settings.get("limits", {"vendor.example/dpu": 1})["vendor.example/dpu"]
    whole = {"apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuration", "resources": settings}
    text = yaml.safe_dump(whole)
    text = yaml.safe_dump(
        {"apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuration", "resources": settings}
    )
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "manager", "namespace": "kueue-system"},
        "data": {"controller_manager_config.yaml": text},
    }
    hca = {'spec.template.spec.containers[0].resources.limits["vendor.example/dpu"]': amount}
    assert set(found("BP6555", "Job", hca, config=config)) == codes


def leader_and_workers(gpus: int) -> dict[str, Any]:
    """A group of two, of which only the worker has GPUs."""
    pod = {
        "containers": [
            {"name": "w", "image": "registry.example/w:1", "resources": {"limits": {"nvidia.com/gpu": gpus}}}
        ]
    }
    template = {"size": 2, "leaderTemplate": {"spec": {"containers": []}}, "workerTemplate": {"spec": pod}}
    meta = {"name": "w", "namespace": "team", "labels": {f"{KUEUE}/queue-name": "research"}}
    spec = {"replicas": 1, "leaderWorkerTemplate": template}
    return {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "metadata": meta, "spec": spec}


@pytest.mark.parametrize(
    ("replicas", "parallelism", "completions", "codes"),
    [(2, 1, None, set()), (3, 1, None, {"BP6556"}), (1, 8, 2, set()), (2, 8, 1, set()), (3, 8, 1, {"BP6556"})],
)
def test_a_job_runs_no_more_pods_than_it_completes(
    replicas: int, parallelism: int, completions: int | None, codes: set[str]
) -> None:
    """Pods with four GPUs each, in a queue of eight."""
    [*_, job] = yaml.safe_load_all(PAGES["BP6556"].good)
    spec = {**job["spec"], "parallelism": parallelism, "completions": completions}
    spec = {key: value for key, value in spec.items() if value is not None}
    jobs = {"replicatedJobs": [{"name": "a", "replicas": replicas, "template": {"spec": spec}}]}
    kind = {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet"}
    assert set(found("BP6556", "Job", {}, jobs={**job, **kind, "spec": jobs})) == codes


def test_the_leader_of_a_group_is_one_of_its_pods() -> None:
    assert set(found("BP6556", "Job", {}, group=leader_and_workers(8))) == set()


@pytest.mark.parametrize(
    ("changes", "text", "container"),
    [
        ({"parallelism": 3, "completions": 3}, "3 pods with 4 each need 12, but ClusterQueue research never has", 0),
        ({"parallelism": 1}, "the pod needs 2048Gi, but ClusterQueue research never has more than 1024Gi of memory", 1),
    ],
)
def test_needed_and_available_amounts_are_reported(changes: dict[str, Any], text: str, container: int) -> None:
    [*others, job] = yaml.safe_load_all(PAGES["BP6556"].good)
    more = {"resources": {"requests": {"memory": "1920Gi"}}}
    first = {"resources": {"limits": {"cpu": "1", "memory": "128Gi"}}}
    pods = {"template": {"spec": {"restartPolicy": "Never", "containers": [first, more]}}} if container else {}
    job = {**job, "spec": {**job["spec"], **changes, **pods}}
    objects = [Object(each, USERS) for each in (*others, job)]
    [only] = run_rules(RuleContext(objects, NoPlatform())).diagnostics
    assert text in only.message
    assert f"containers[{container or 'name=main'}]" in str(only.path)


BACKWARDS = "fairSharing: {preemptionStrategies: [LessThanInitialShare, LessThanOrEqualToFinalShare]}\n    "


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("[batch/job, jobset.x-k8s.io/jobset, pod]", "[acme.example/robot]", set()),
        ("[batch/job, jobset.x-k8s.io/jobset, pod]", "[pods]", {"BP6557"}),
        ("[batch/job, jobset.x-k8s.io/jobset, pod]", "[7, {pod: pod}]", set()),
        ("config.kueue.x-k8s.io", "config.other.example", set()),
        ("integrations:", "fairSharing: {preemptionStrategies: [LessThanInitialShare]}\n    integrations:", set()),
        (
            "integrations:",
            BACKWARDS + "integrations:",
            {"BP6557"},
        ),
        ("integrations:", "resources: {excludeResourcePrefixes: [a/]}\n    integrations:", set()),
        (
            "integrations:",
            "resources: {excludeResourcePrefixes: [a/], quotaCheckStrategy: IgnoreUndeclared}\n    integrations:",
            {"BP6557"},
        ),
        ("integrations:", "integrations: : [", set()),
    ],
)
def test_a_configuration_that_the_manager_refuses(old: str, new: str, codes: set[str]) -> None:
    config = yaml.safe_load(PAGES["BP6557"].good)
    key = "controller_manager_config.yaml"
    text = config["data"][key].replace(old, new.replace("\n    ", "\n"))
    assert text != config["data"][key]
    assert set(found("BP6557", "ConfigMap", {f'data["{key}"]': text})) == codes


@pytest.mark.parametrize(
    ("labels", "selector", "codes"),
    [
        ({"team": "research"}, {"matchLabels": {"team": "research"}}, set()),
        ({"team": "sales"}, {"matchLabels": {"team": "research"}}, {"BP6545"}),
        ({}, {"matchLabels": {"kubernetes.io/metadata.name": "team"}}, set()),
        ({}, {}, set()),
        (None, {"matchLabels": {"team": "research"}}, set()),
    ],
)
def test_a_queue_of_a_namespace_that_is_not_selected(labels: Any, selector: Any, codes: set[str]) -> None:
    """If the namespace is not among the objects, its labels are unknown."""
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels}}
    more = {} if labels is None else {"home": home}
    assert set(found("BP6546", "ClusterQueue", {"spec.namespaceSelector": selector}, **more)) == codes


def test_another_kind_of_local_queue_is_not_judged() -> None:
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    [queue, local] = yaml.safe_load_all(PAGES["BP6546"].good)
    queue = changed(queue, {"spec.namespaceSelector": {"matchLabels": {"team": "research"}}})
    objects = [home, queue, changed(local, {"apiVersion": "other.example/v1"})]
    results = run_rules(RuleContext([Object(each, USERS) for each in objects], NoPlatform()))
    assert not results.diagnostics


def test_a_cron_job_hands_the_label_to_its_jobs() -> None:
    [*_, job] = yaml.safe_load_all(PAGES["BP6547"].good)
    queue = {f"{KUEUE}/queue-name": "research"}
    template = {"metadata": {"labels": queue}, "spec": job["spec"]}
    spec = {"schedule": "@daily", "jobTemplate": template}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "team"}, "spec": spec}
    assert set(found("BP6547", "Job", {}, cron=cron)) == set()
    other = changed(cron, {f'spec.jobTemplate.metadata.labels["{KUEUE}/queue-name"]': "other"})
    assert set(found("BP6547", "Job", {}, cron=other)) == {"BP6547"}
    bare = changed(cron, {"spec.jobTemplate.metadata": GONE, "metadata.labels": queue})
    assert set(found("BP6547", "Job", {}, cron=bare)) == {"BP6548"}


def offered(
    flavor: dict[str, Any], queue: dict[str, Any], *pools: PoolOffer, claimed: bool = False
) -> dict[str, Severity]:
    """The findings for a queue of GPUs beside node pools, whose GPUs may be claimed."""
    documents = [*yaml.safe_load_all(PAGES["BP6539"].good)]
    documents = [changed(each, flavor if each["kind"] == "ResourceFlavor" else queue) for each in documents]
    result = run_rules(context([Object(each, USERS) for each in documents], pools, dra() if claimed else None))
    assert not result.failed
    return {each.code.id: each.override or each.code.severity for each in result.diagnostics}


H100 = PoolOffer("train", {"nvidia.com/gpu": 8}, labels={"acme.example/pool": "h100"})
MIG = "nvidia.com/mig-1g.10gb"
AS_MIG = {f"{QUOTA}.name": MIG, "spec.resourceGroups[0].coveredResources": ["cpu", "memory", MIG]}
AS_CPU = {
    f"{QUOTA}.name": "vendor.example/dpu",
    "spec.resourceGroups[0].coveredResources": ["cpu", "memory", "vendor.example/dpu"],
}
AS_MACHINE = {
    f"{QUOTA}.name": "nvidia.com/pgpu",
    "spec.resourceGroups[0].coveredResources": ["cpu", "memory", "nvidia.com/pgpu"],
}


@pytest.mark.parametrize(
    ("flavor", "queue", "pools", "codes"),
    [
        ({}, {}, [H100], set()),
        ({'spec.nodeLabels["acme.example/pool"]': "a100"}, {}, [H100], {"BP6108"}),
        ({'spec.nodeLabels["acme.example/pool"]': "cpu"}, AS_CPU, [H100], set()),
        ({'spec.nodeLabels["acme.example/pool"]': "cpu"}, {f"{QUOTA}.nominalQuota": "0"}, [H100], set()),
        ({'spec.nodeLabels["acme.example/zone"]': "a"}, {}, [H100], set()),
        ({'spec.nodeLabels["acme.example/pool"]': "a100", "apiVersion": "other.example/v1"}, {}, [H100], set()),
        ({}, AS_MIG, [H100], {"BP6102"}),
        ({}, {**AS_MIG, f"{QUOTA}.nominalQuota": "0"}, [H100], set()),
        ({}, AS_MACHINE, [H100], set()),
        ({}, AS_MIG, [replace(H100, exact=False)], set()),
        ({}, AS_MIG, [], set()),
        ({}, {**AS_MIG, "apiVersion": "other.example/v1"}, [H100], set()),
    ],
)  # fmt: skip
def test_queues_of_gpus_agree_with_the_pools(flavor: Any, queue: Any, pools: Any, codes: set[str]) -> None:
    assert offered(flavor, queue, *pools) == dict.fromkeys(codes, Severity.WARNING)


def test_quotas_of_claimed_gpus_are_not_counted_by_the_device_plugin() -> None:
    assert offered({}, AS_MIG, H100, claimed=True) == {}
