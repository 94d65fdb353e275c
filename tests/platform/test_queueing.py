"""Tenants and their quotas: the resulting queues, cohorts and limits, by examples and by properties."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.pipeline import Compilation
from blueprint.source.paths import Path
from tests.support.platforms import compiled
from tests.support.platforms import platform as platform_of

HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: uni}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", topology: [acme.example/rack]}
  poolLabel: acme.example/pool
  poolDefaults: {taints: {nvidia.com/gpu: "true:NoSchedule"}}
  nodePools:
    whole: {nodes: 4, gpu: {product: H100-SXM5-80GB, count: 8}, topology: {acme.example/rack: 2}}
    more: {nodes: 4, gpu: {product: H100-SXM5-80GB, count: 8}}
    turns: {nodes: 1, gpu: {product: L40S, count: 4, sharing: {timeSlicing: {all: 4}, renameByDefault: true}}}
    mig:
      nodes: 2
      gpu:
        product: A100-SXM4-80GB
        count: 8
        mig: {strategy: mixed, layout: [{devices: 0-3, profiles: {1g.10gb: 7}}, {devices: 4-7, profiles: {3g.40gb: 2}}]}
"""
QUEUEING = "  queueing: {kueue: {}, priorities: {production: 1000, scratch: 0}}\n"
RESOURCES = {"nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb"}


def platform(tenants: str, rest: str = QUEUEING) -> Compilation:
    """The pools above, shared by these tenants."""
    found = compiled(f"{HEAD}{rest}  tenants:\n{tenants}")
    assert found.bundle, found.diagnostics
    return found


def objects(found: Compilation, kind: str) -> dict[str, Any]:
    """The objects of a kind, by namespace and name."""
    assert found.bundle
    alike = [each for each in found.bundle.objects if each.id.kind == kind]
    return {f"{each.id.namespace}/{each.id.name}" if each.id.namespace else each.id.name: each.data for each in alike}


def quotas(queue: Any) -> dict[tuple[str, str], dict[str, str]]:
    """The quotas of a queue, by flavor and resource; without entries of zero that cannot borrow."""
    return {
        (flavor["name"], resource.pop("name")): resource
        for group in queue["spec"].get("resourceGroups", ())
        for flavor in group["flavors"]
        for resource in flavor["resources"]
    }


def test_a_quota_is_counted_in_what_pods_request_of_the_pool() -> None:
    tenants = "    a: {namespaces: [a], quota: {whole: 8, turns: 6, mig: {1g.10gb: 28, 3g.40gb: 2}}}\n"
    queue = objects(platform(tenants), "ClusterQueue")["a"]
    assert quotas(queue) == {
        ("whole", "nvidia.com/gpu"): {"nominalQuota": "8"},
        ("turns", "nvidia.com/gpu.shared"): {"nominalQuota": "6"},
        ("mig", "nvidia.com/mig-1g.10gb"): {"nominalQuota": "28"},
        ("mig", "nvidia.com/mig-3g.40gb"): {"nominalQuota": "2"},
    }
    assert "cohortName" not in queue["spec"]


ASKED = """  queueing:
    kueue:
      provisioningRequests:
        all:
          class: atomicScaleUp
          pools: [grown, small]
          merge: identicalTemplates
          nodeLabels: {acme.example/request: Key}
        room: {class: checkCapacity, pools: [more]}
"""
GROWN = """    grown: {nodes: {min: 0, max: 4}, gpu: {product: H100-SXM5-80GB, count: 8}}
    small:
      nodes: {min: 0, max: 2}
      gpu: {product: L40S, count: 4, sharing: {timeSlicing: {all: 2}, renameByDefault: true}}
"""


def asked(tenants: str, queueing: str = ASKED) -> Compilation:
    """The pools, and two whose nodes are created on demand; with the requests to their autoscaler."""
    return compiled(f"{HEAD}{GROWN}{queueing}  tenants:\n{tenants}")


def test_queues_wait_for_the_autoscaler_on_the_flavors_that_it_makes() -> None:
    tenant = "    a: {namespaces: [a], quota: {whole: 8, grown: 8, small: 2, more: 8}}\n"
    found = asked(f"{tenant}    b: {{namespaces: [b], quota: {{whole: 8}}}}\n")
    queues = objects(found, "ClusterQueue")
    assert queues["a"]["spec"]["admissionChecksStrategy"]["admissionChecks"] == [
        {"name": "all", "onFlavors": ["grown", "small"]},
        {"name": "room", "onFlavors": ["more"]},
    ]
    assert "admissionChecksStrategy" not in queues["b"]["spec"]
    assert objects(found, "AdmissionCheck").keys() == {"all", "room"}


def test_nodes_are_requested_as_the_blueprint_says() -> None:
    every = objects(asked("    a: {namespaces: [a], quota: {grown: 8}}\n"), "ProvisioningRequestConfig")
    assert every["all"]["spec"] == {
        "provisioningClassName": "best-effort-atomic-scale-up.autoscaling.x-k8s.io",
        "managedResources": ["nvidia.com/gpu", "nvidia.com/gpu.shared"],
        "retryStrategy": {"backoffLimitCount": 3, "backoffBaseSeconds": 60, "backoffMaxSeconds": 1800},
        "podSetMergePolicy": "IdenticalPodTemplates",
        "podSetUpdates": {"nodeSelector": [{"key": "acme.example/request", "valueFromProvisioningClassDetail": "Key"}]},
    }
    assert every["room"]["spec"]["managedResources"] == ["nvidia.com/gpu"]
    assert "podSetUpdates" not in every["room"]["spec"]


def test_a_check_that_does_not_suit_the_size_of_a_pool_is_reported() -> None:
    fixed = ASKED.replace("pools: [more]", "pools: [whole]").replace("checkCapacity", "atomicScaleUp")
    grows = ASKED.replace("[grown, small]", "[small]").replace("pools: [more]", "pools: [grown]")
    for queueing, code in ((ASKED, None), (fixed, "BP3440"), (grows, "BP3441")):
        found = asked("    a: {namespaces: [a], quota: {whole: 8}}\n", queueing)
        assert found.bundle
        assert {each.code.id for each in found.diagnostics} - {"BP3422"} == {code} - {None}


@pytest.mark.parametrize(
    ("minor", "rest", "there"), [("1.36", "", 1), ("1.35", "", 0), ("1.36", "admission: false", 0)]
)
def test_new_pods_do_not_say_which_others_are_alike(minor: str, rest: str, there: int) -> None:
    """On Kubernetes versions with policies that change objects."""
    text = f"{HEAD}{QUEUEING}  policy: {{{rest}}}\n  tenants: {{a: {{namespaces: [a], quota: {{whole: 8}}}}}}\n"
    found = compiled(text.replace('"1.36"', f'"{minor}"'))
    assert found.bundle, found.diagnostics
    assert len(objects(found, "MutatingAdmissionPolicy")) == there
    assert len(objects(found, "MutatingAdmissionPolicyBinding")) == there


def test_what_no_quota_names_is_withheld_so_that_no_gpu_goes_uncounted() -> None:
    """Kueue ignores resources that a queue does not declare (`IgnoreUndeclared`); this is intended for processors and
    memory.
    """
    alone = objects(platform("    a: {namespaces: [a], quota: {mig: {1g.10gb: 28}}}\n"), "ClusterQueue")["a"]
    rest = {key: amounts for key, amounts in quotas(alone).items() if key[1] != "nvidia.com/mig-1g.10gb"}
    assert {resource for _, resource in rest} == RESOURCES - {"nvidia.com/mig-1g.10gb"}
    assert all(amounts == {"nominalQuota": "0"} for amounts in rest.values())

    tenants = "    g: {}\n    a: {namespaces: [a], parent: g, quota: {mig: {1g.10gb: 28}}}\n"
    member = quotas(objects(platform(tenants), "ClusterQueue")["a"])
    assert member["more", "nvidia.com/gpu"] == {"nominalQuota": "0", "borrowingLimit": "0"}


def test_a_member_may_borrow_what_its_groups_have() -> None:
    tenants = """
    faculty: {quota: {more: 16}}
    physics: {parent: faculty, weight: 2, quota: {whole: {guaranteed: 8, borrow: 4}}}
    lattice: {parent: physics, namespaces: [lattice], quota: {whole: {guaranteed: 8, borrow: 0, lend: 4}}}
"""
    found = platform(tenants)
    cohorts, queue = objects(found, "Cohort"), objects(found, "ClusterQueue")["lattice"]
    assert cohorts["physics"]["spec"]["parentName"] == "faculty"
    assert cohorts["physics"]["spec"]["fairSharing"] == {"weight": "2"}
    assert quotas(cohorts["physics"]) == {("whole", "nvidia.com/gpu"): {"nominalQuota": "8", "borrowingLimit": "4"}}
    assert queue["spec"]["cohortName"] == "physics"
    assert list(quotas(queue).items())[:2] == [
        (("whole", "nvidia.com/gpu"), {"nominalQuota": "8", "borrowingLimit": "0", "lendingLimit": "4"}),
        (("more", "nvidia.com/gpu"), {"nominalQuota": "0"}),
    ]


def test_pools_become_flavors_with_their_labels_taints_and_levels() -> None:
    found = platform("    a: {namespaces: [a], quota: {whole: 8}}\n")
    flavor = objects(found, "ResourceFlavor")["whole"]["spec"]
    [(name, topology)] = objects(found, "Topology").items()
    assert flavor["nodeLabels"] == {"acme.example/pool": "whole"}
    assert flavor["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert flavor["topologyName"] == name
    assert [level["nodeLabel"] for level in topology["spec"]["levels"]] == [
        "acme.example/rack",
        "kubernetes.io/hostname",
    ]
    assert objects(found, "ResourceFlavor").keys() == {"whole", "more", "turns", "mig"}
    values = {name: each["value"] for name, each in objects(found, "WorkloadPriorityClass").items()}
    assert values == {"production": 1000, "scratch": 0}


def test_a_plan_sets_what_a_tenant_does_not() -> None:
    tenants = """
    a: {plan: lab}
    b: {plan: lab, groups: [people], network: open, quota: {more: 2}}
  plans:
    lab: {namespaces: ["${tenant}", "${tenant}-dev"], groups: ["oidc:${tenant}"], quota: {whole: 4}, <cap>}
""".replace("<cap>", "priorityCap: scratch")
    found = platform(tenants)
    assert {name for name in objects(found, "Namespace") if name[0] in "ab"} == {"a", "a-dev", "b", "b-dev"}
    bindings = objects(found, "RoleBinding")
    assert [each["name"] for each in bindings["a-dev/tenant"]["subjects"]] == ["oidc:a"]
    assert [each["name"] for each in bindings["b/tenant"]["subjects"]] == ["people"]
    assert {name for name in objects(found, "NetworkPolicy") if name[0] in "ab"} == {"a/isolated", "a-dev/isolated"}
    queues = objects(found, "ClusterQueue")
    assert quotas(queues["a"])["whole", "nvidia.com/gpu"] == {"nominalQuota": "4"}
    assert quotas(queues["b"])["more", "nvidia.com/gpu"] == {"nominalQuota": "2"}
    local = {name: each["spec"]["clusterQueue"] for name, each in objects(found, "LocalQueue").items()}
    assert local == {"a/default": "a", "a-dev/default": "a", "b/default": "b", "b-dev/default": "b"}
    notes = objects(found, "Namespace")["a-dev"]["metadata"]["annotations"]
    assert notes["gpublueprint.dev/highest-priority"] == "0"
    assert notes["gpublueprint.dev/namespaces"] == "a|a-dev"


def test_pods_outside_of_the_queues_get_no_more_than_the_queue_could() -> None:
    tenants = """
    g: {}
    a: {namespaces: [a], quota: {whole: 8, more: 4}}
    b: {namespaces: [b], parent: g, quota: {whole: {guaranteed: 4, borrow: 2}, mig: {1g.10gb: 7}}}
"""
    found = objects(platform(tenants), "ResourceQuota")
    withheld = {f"requests.{each}": "0" for each in RESOURCES}
    assert found["a/gpus"]["spec"]["hard"] == withheld | {"requests.nvidia.com/gpu": "12"}
    limited = withheld | {"requests.nvidia.com/gpu": "6"}
    del limited["requests.nvidia.com/mig-1g.10gb"]  # it may borrow without limit, and pods that wait for it exist
    assert found["b/gpus"]["spec"]["hard"] == limited


def test_a_quota_that_nobody_in_the_group_has_is_reported() -> None:
    tenants = """
    g: {%s}
    a: {namespaces: [a], parent: g, quota: {whole: {guaranteed: 0}}}
    b: {namespaces: [b], parent: g, quota: {whole: {guaranteed: 4, lend: %s}, more: {guaranteed: 0, borrow: 0}}}
"""
    reported = {"": "0", "quota: {whole: 2}": "0", "quota: {}": "1"}
    codes = [{each.code.id for each in platform(tenants % each).diagnostics} for each in reported.items()]
    assert ["BP3445" in each for each in codes] == [True, False, False]


def test_tenants_need_no_queueing() -> None:
    found = platform("    a: {namespaces: [a], groups: [people]}\n", rest="  policy: {podSecurity: restricted}\n")
    labels = objects(found, "Namespace")["a"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert objects(found, "ClusterQueue") == objects(found, "ResourceQuota") == {}


def test_claims_are_counted_as_gpus() -> None:
    text = HEAD.partition("    turns:")[0].replace('"2026.11"', '"2026.11"\n  allocation: dra')
    found = compiled(f"{text}{QUEUEING}  tenants:\n    a: {{namespaces: [a], quota: {{whole: 8}}}}\n")
    assert found.bundle, found.diagnostics
    configuration = objects(found, "ConfigMap")["kueue-system/kueue-manager-config"]["data"]
    assert "name: nvidia.com/gpu\n    deviceClassNames:\n    - gpu.nvidia.com" in str(*configuration.values())


@pytest.mark.parametrize(
    ("quota", "left"),
    [
        ("whole: 8", "cpu memory ephemeral-storage"),
        ("whole: {gpu: 8, cpu: 4}, more: {cpu: 4}", "memory ephemeral-storage"),
    ],
)
def test_kueue_leaves_out_of_requests_what_no_quota_counts(quota: str, left: str) -> None:
    text = HEAD.replace("whole: {nodes: 4,", "whole: {nodes: 4, machine: {cpu: 64, memory: 1Ti},")
    text = text.replace("more: {nodes: 4,", "more: {nodes: 4, machine: {cpu: 64, memory: 1Ti},")
    found = compiled(f"{text}{QUEUEING}  tenants:\n    a: {{namespaces: [a], quota: {{{quota}}}}}\n")
    [configuration] = objects(found, "ConfigMap")["kueue-system/kueue-manager-config"]["data"].values()
    resources = yaml.safe_load(configuration)["resources"]
    assert resources == {
        "quotaCheckStrategy": "IgnoreUndeclared",
        "transformations": [{"input": each, "strategy": "Replace"} for each in left.split()],
    }


CLAIMED = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: uni}
spec:
  release: "2026.11"
  gpuStack: standalone
  cluster: {kubernetes: "1.36", distribution: vanilla}
  poolLabel: acme.example/pool
  nodePools:
    mig:
      allocation: dra
      nodes: 2
      gpu:
        product: A100-SXM4-80GB
        count: 8
        mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}, {devices: 4-7, profiles: {1g.10gb+me: 1}}]}
  queueing: {kueue: {}}
  components: {dra-driver-nvidia-gpu: {settings: {extendedResources: never}}}
"""
OF_BOTH = "  tenants:\n    a: {namespaces: [a, a-dev], quota: {mig: {1g.10gb: 28, 1g.10gb+me: 2}}}\n"
BESIDE = "    whole: {nodes: 2, gpu: {product: H100-SXM5-80GB, count: 8}}\n"


def claiming(text: str) -> Compilation:
    """A platform whose MIG instances are claimed."""
    found = compiled(text)
    assert found.bundle, found.diagnostics
    return found


def mappings(found: Compilation) -> dict[str, list[str]]:
    """The classes that Kueue counts, by the resource."""
    configuration = objects(found, "ConfigMap")["kueue-system/kueue-manager-config"]["data"]
    loaded = yaml.safe_load(configuration["controller_manager_config.yaml"])
    return {each["name"]: each["deviceClassNames"] for each in loaded["resources"].get("deviceClassMappings", ())}


def test_claimed_profiles_are_counted_by_a_class_of_their_own() -> None:
    found = claiming(CLAIMED + OF_BOTH)
    classes = objects(found, "DeviceClass")
    [small, media] = ("mig-1g.10gb.nvidia.com", "mig-1g.10gb.me.nvidia.com")
    assert "profile == '1g.10gb+me'" in classes[media]["spec"]["selectors"][0]["cel"]["expression"]
    assert "extendedResourceName" not in classes[small]["spec"]
    assert mappings(found) == {"nvidia.com/mig-1g.10gb": [small], "nvidia.com/mig-1g.10gb.me": [media]}
    assert quotas(objects(found, "ClusterQueue")["a"]) == {
        ("mig", "nvidia.com/mig-1g.10gb"): {"nominalQuota": "28"},
        ("mig", "nvidia.com/mig-1g.10gb.me"): {"nominalQuota": "2"},
    }
    notes = objects(found, "Namespace")["a-dev"]["metadata"]["annotations"]
    assert notes["gpublueprint.dev/device-classes"] == f"{media}|{small}"
    requests = {
        name: each["spec"]["spec"]["devices"]["requests"][0]["exactly"]
        for name, each in objects(found, "ResourceClaimTemplate").items()
    }
    assert {name: each["deviceClassName"] for name, each in requests.items()} == {
        f"{space}/{name}": of
        for space in ("a", "a-dev")
        for name, of in (("mig-1g.10gb", small), ("mig-1g.10gb.me", media))
    }
    assert objects(found, "ResourceQuota")["a/gpus"]["spec"]["hard"] == {
        f"{small}.deviceclass.resource.k8s.io/devices": "28",
        f"{media}.deviceclass.resource.k8s.io/devices": "2",
        "mig.nvidia.com.deviceclass.resource.k8s.io/devices": "0",
    }


def test_quotas_of_claimed_profiles_are_compared_with_the_layout() -> None:
    found = compiled((CLAIMED + OF_BOTH).replace("1g.10gb: 28", "1g.10gb: 57"))
    assert [each.code.id for each in found.diagnostics] == ["BP3421", "BP3225"]


def test_profiles_are_counted_as_their_class_where_a_device_plugin_offers_others() -> None:
    text = CLAIMED.replace("    mig:\n", f"{BESIDE}    mig:\n")
    assert mappings(claiming(text + OF_BOTH)) == {
        name: [name] for name in ("mig-1g.10gb.nvidia.com", "mig-1g.10gb.me.nvidia.com")
    }


def test_where_the_scheduler_makes_claims_of_requests_queues_count_those() -> None:
    found = claiming(CLAIMED.replace("extendedResources: never", "extendedResources: always") + OF_BOTH)
    classes = objects(found, "DeviceClass")
    assert classes["mig-1g.10gb.me.nvidia.com"]["spec"]["extendedResourceName"] == "nvidia.com/mig-1g.10gb.me"
    assert mappings(found) == objects(found, "ResourceClaimTemplate") == {}
    hard = objects(found, "ResourceQuota")["a/gpus"]["spec"]["hard"]
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "28"


def test_channels_of_compute_domains_are_mapped_so_that_kueue_admits_what_claims_them() -> None:
    """Kueue ignores resources that no queue declares, but admits no claims of classes without a mapping."""
    found = platform("    a: {namespaces: [a], quota: {whole: 8}}\n", f"{QUEUEING}  computeDomains: true\n")
    channel = "compute-domain-default-channel.nvidia.com"
    assert mappings(found) == {channel: [channel]}


def told(tenants: str, rest: str = QUEUEING) -> list[str]:
    """Codes of the findings, none of which is an error."""
    return [each.code.id for each in platform(tenants, rest).diagnostics]


@pytest.mark.parametrize(
    ("tenants", "rest", "codes"),
    [
        ("    a: {namespaces: [a], quota: {whole: 8}}\n", QUEUEING, []),
        ("    a: {namespaces: [a]}\n", QUEUEING, ["BP3424"]),
        ("    g: {quota: {whole: 8}}\n    a: {namespaces: [a], quota: {whole: 8}}\n", QUEUEING, ["BP3428"]),
        ("    g: {groups: [x]}\n    a: {namespaces: [a], parent: g, quota: {whole: 8}}\n", QUEUEING, ["BP3429"]),
        (
            "    g: {}\n    a: {namespaces: [a], parent: g, weight: 2, quota: {whole: 8}}\n",
            "  queueing: {kueue: {fairSharing: false}}\n",
            ["BP3423"],
        ),
        ("    a: {namespaces: [a], quota: {whole: {gpu: 8, cpu: 4}}}\n", QUEUEING, ["BP3430"]),
        (
            "    a: {namespaces: [a], quota: {whole: 8}}\n    b: {namespaces: [b], quota: {whole: {gpu: 8, cpu: 4}}}\n",
            QUEUEING,
            ["BP3436", "BP3430"],
        ),
        (
            "    a: {namespaces: [a], quota: {whole: 8}}\n    b: {namespaces: [b], quota: {whole: {gpu: 8, cpu: 4}}}\n",
            f"{QUEUEING}  components: {{kueue: {{settings: {{ignoredResourcePrefixes: [cpu, memory]}}}}}}\n",
            ["BP3430"],
        ),
        (
            "    a: {namespaces: [a], quota: {whole: 8}}\n",
            f"{QUEUEING}  policy: {{podSecurity: privileged}}\n",
            ["BP3433"],
        ),
    ],
)
def test_allowed_settings_without_effect_are_reported(tenants: str, rest: str, codes: list[str]) -> None:
    assert told(tenants, rest) == codes


@pytest.mark.parametrize(("rest", "closed"), [("", False), (QUEUEING, True)])
def test_only_quotas_close_pools_to_tenants(rest: str, closed: bool) -> None:
    quota = ", quota: {mig: {1g.10gb: 7}}" if closed else ""
    text = HEAD.replace("more: {nodes: 4,", 'more: {nodes: 4, taints: {acme.example/more: "true:NoSchedule"},')
    found = compiled(f"{text}{rest}  tenants:\n    a: {{namespaces: [a]{quota}}}\n")
    assert found.bundle, found.diagnostics
    notes = objects(found, "Namespace")["a"]["metadata"]["annotations"]
    assert ("acme.example/more=true:NoSchedule" in notes.get("gpublueprint.dev/closed-taints", "")) is closed


def test_quotas_that_need_further_nodes_are_reported() -> None:
    text = HEAD.replace("whole: {nodes: 4,", "whole: {nodes: {min: 1, max: 4},")
    found = compiled(f"{text}{QUEUEING}  tenants:\n    a: {{namespaces: [a], quota: {{whole: 20}}}}\n")
    assert [(each.code.id, each.severity.value) for each in found.diagnostics] == [("BP3422", "note")]


def test_an_amount_leads_to_its_own_line() -> None:
    tenants = """
    g: {}
    a:
      namespaces: [a]
      parent: g
      quota:
        whole: {guaranteed: 8, borrow: 4}
"""
    found = platform(tenants)
    assert found.bundle
    queue = next(each for each in found.bundle.objects if each.id.kind == "ClusterQueue")
    at: Path = ("spec", "resourceGroups", 0, "flavors", 0, "resources", 0, "borrowingLimit")
    origin = queue.origins[at]
    assert [source.path for source in origin.sources] == ["spec.tenants.a.quota.whole.borrow"]


QUOTAS = st.fixed_dictionaries(
    {},
    optional={
        "whole": st.integers(0, 2),
        "more": st.integers(0, 2),
        "turns": st.integers(0, 1),
        "mig": st.dictionaries(st.sampled_from(["1g.10gb", "3g.40gb"]), st.integers(0, 2), min_size=1),
    },
)


@settings(max_examples=60)
@given(st.lists(QUOTAS, min_size=1, max_size=4), st.data())
def test_every_queue_has_the_form_that_kueues_webhook_demands(declared: list[Any], data: st.DataObject) -> None:
    """Each resource in only one group, each flavor in only one group, and in each flavor all resources in
    their order.
    """
    lines = []
    for number, quota in enumerate(declared):
        parents = [f"t{other}" for other in range(number) if f"namespaces: [t{other}]" not in lines[other]]
        parent = data.draw(st.sampled_from([None, *parents]))
        group = data.draw(st.booleans())
        keys = [f"quota: {quota}" if quota else "", f"parent: {parent}" if parent else ""]
        keys.append("" if group else f"namespaces: [t{number}]")
        lines.append(f"    t{number}: {{{', '.join(filter(None, keys))}}}\n".replace("'", ""))
    found = platform_of(f"{HEAD}{QUEUEING}  tenants:\n{''.join(lines)}")
    assert found.queueing
    kueue = found.queueing.kueue
    assert kueue
    for queue in (*kueue.cluster_queues, *kueue.cohorts):
        groups = queue.resource_groups
        covered = [resource for group in groups for resource in group.covered]
        flavors = [flavor.name for group in groups for flavor in group.flavors]
        assert len(covered) == len(set(covered))
        assert len(flavors) == len(set(flavors))
        for group in groups:
            for flavor in group.flavors:
                assert tuple(each.name for each in flavor.resources) == group.covered
    for queue in kueue.cluster_queues:
        assert {resource for group in queue.resource_groups for resource in group.covered} == RESOURCES


def test_no_object_of_a_tenant_comes_from_lines_of_another() -> None:
    tenants = """
    g: {}
    a: {namespaces: [a], groups: [people], parent: g, priorityCap: scratch, quota: {whole: {guaranteed: 8, borrow: 4}}}
    b: {namespaces: [b], groups: [others], network: open, quota: {whole: 8}}
"""
    found = platform(tenants)
    assert found.bundle
    own = [each for each in found.bundle.objects if (each.id.namespace or each.id.name) in ("a", "b")]
    assert {each.id.kind for each in own} >= {"Namespace", "RoleBinding", "LimitRange", "ResourceQuota", "ClusterQueue"}
    for each in own:
        other = {"a": "b", "b": "a"}[each.id.namespace or each.id.name]
        paths = {source.path for origin in each.origins.values() for source in origin.sources}
        assert not [path for path in paths if path.startswith(f"spec.tenants.{other}")], each.id
