"""The policies for pools of virtual machines on a real API server: attacks are rejected, legitimate work is not."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import yaml

from blueprint.lab.access import RequestFailed
from tests.support.platforms import H100, blueprint, pool, rendered
from tests.support.policies_in_force import await_policies
from tests.support.waits import eventually

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
PLACES = {
    "ValidatingAdmissionPolicy": f"{ADMISSION}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{ADMISSION}/validatingadmissionpolicybindings",
    "RuntimeClass": "/apis/node.k8s.io/v1/runtimeclasses",
}
PODS, CLAIMS = "/api/v1/namespaces/{}/pods", "/apis/resource.k8s.io/v1/namespaces/{}/resourceclaims"
TEMPLATES = "/apis/resource.k8s.io/v1/namespaces/{}/resourceclaimtemplates"
TRUSTED = ("kube-system", "gpu-operator", "cni")
PLATFORM = blueprint(
    pool("train", H100),
    pool("secure", H100, "kata: {confidential: snp}"),
    pool("plain", "kata: {}"),
    spec="  components: {kata-admission: {settings: {trustedNamespaces: [cni]}}}\n",
)
KATA, PLAIN = "runtimeClassName: kata-qemu-nvidia-gpu-snp", "runtimeClassName: kata-qemu"


def pod(spec: str, container: str = "", annotations: str = "", name: str = "it") -> dict[str, Any]:
    """A pod with one container; keys of its specification, its container and its annotations in flow style."""
    own = f"{spec}, " if spec else ""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": yaml.safe_load(f"{{name: {name}, annotations: {{{annotations}}}}}"),
        "spec": yaml.safe_load(f"{{{own}containers: [{{name: main, image: app, {container}}}]}}"),
    }


GPU = "resources: {limits: {nvidia.com/pgpu: 1}}"
VFIO_CLASS = "deviceclass.resource.kubernetes.io/vfio.gpu.nvidia.com"
ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "toleration by value": (
        pod("tolerations: [{key: gpublueprint.dev/kata, value: 'true', effect: NoSchedule}]"), "tolerate"),
    "toleration by key": (pod("tolerations: [{key: gpublueprint.dev/kata, operator: Exists}]"), "tolerate"),
    "toleration of another value": (
        pod("tolerations: [{key: gpublueprint.dev/kata, operator: Equal, value: x}]"), "tolerate"),
    "toleration of everything": (pod("tolerations: [{operator: Exists}]"), "tolerate"),
    "toleration of everything with the effect": (
        pod("tolerations: [{operator: Exists, effect: NoSchedule}]"), "tolerate"),
    "the toleration among others": (
        pod("tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}, {operator: Exists}]"), "tolerate"),
    "toleration with the class of containers": (
        pod("runtimeClassName: nvidia, tolerations: [{key: gpublueprint.dev/kata, operator: Exists}]"), "tolerate"),
    "a class of its own that brings the toleration": (pod("runtimeClassName: smuggler"), "tolerate"),
    "a class whose name begins like Kata's": (pod("runtimeClassName: kata-runc"), "tolerate"),
    "the name of a node": (pod("nodeName: secure-0"), "name their node"),
    "the name of a node with Kata": (pod(f"nodeName: secure-0, {KATA}"), "name their node"),
    "a mirror pod by hand": (
        pod("nodeName: secure-0", annotations="kubernetes.io/config.mirror: x"), "name their node"),
    "passed GPU without Kata": (pod("", GPU), "may request"),
    "passed GPU with Kata without GPUs": (pod(PLAIN, GPU), "may request"),
    "passed GPU with the class of containers": (pod("runtimeClassName: nvidia", GPU), "may request"),
    "passed GPU in an init container": (
        pod(f"initContainers: [{{name: first, image: app, {GPU}}}]"), "may request"),
    "passed GPU in a sidecar": (
        pod(f"initContainers: [{{name: side, image: app, restartPolicy: Always, {GPU}}}]"), "may request"),
    "passed GPU as request": (
        pod("", "resources: {requests: {nvidia.com/pgpu: 1}, limits: {nvidia.com/pgpu: 1}}"), "may request"),
    "NVSwitch without Kata": (pod("", "resources: {limits: {nvidia.com/nvswitch: 4}}"), "may request"),
    "container GPU with Kata": (pod(KATA, "resources: {limits: {nvidia.com/gpu: 1}}"), "no GPUs of containers"),
    "both GPUs with Kata": (
        pod(KATA, "resources: {limits: {nvidia.com/gpu: 1, nvidia.com/pgpu: 1}}"), "no GPUs of containers"),
    "MIG instance with Kata": (
        pod(KATA, "resources: {limits: {nvidia.com/mig-1g.10gb: 1}}"), "no GPUs of containers"),
    "shared GPU with Kata": (pod(KATA, "resources: {limits: {nvidia.com/gpu.shared: 1}}"), "no GPUs of containers"),
    "container GPU in an init container with Kata": (
        pod(f"{PLAIN}, initContainers: [{{name: first, image: app, resources: {{limits: {{nvidia.com/gpu: 1}}}}}}]"),
        "no GPUs of containers"),
    "device class as a resource with Kata": (
        pod(KATA, "resources: {limits: {deviceclass.resource.kubernetes.io/gpu.nvidia.com: 1}}"),
        "no GPUs of containers"),
    "claim with Kata": (
        pod(f"{KATA}, resourceClaims: [{{name: gpu, resourceClaimName: mine}}]"), "no claimed devices"),
    "template of a claim with Kata": (
        pod(f"{PLAIN}, resourceClaims: [{{name: gpu, resourceClaimTemplateName: mine}}]"), "no claimed devices"),
    "directory of the host": (pod(f"{KATA}, volumes: [{{name: h, hostPath: {{path: /}}}}]"), "access to the host"),
    "socket of the host among volumes": (
        pod(f"{PLAIN}, volumes: [{{name: a, emptyDir: {{}}}}, {{name: h, hostPath: {{path: /run/containerd}}}}]"),
        "access to the host"),
    "network of the host": (pod(f"{KATA}, hostNetwork: true"), "access to the host"),
    "processes of the host": (pod(f"{KATA}, hostPID: true"), "access to the host"),
    "IPC of the host": (pod(f"{PLAIN}, hostIPC: true"), "access to the host"),
    "privileged": (pod(KATA, "securityContext: {privileged: true}"), "not privileged"),
    "privileged init container": (
        pod(f"{PLAIN}, initContainers: [{{name: i, image: app, securityContext: {{privileged: true}}}}]"),
        "not privileged"),
    "kernel parameters": (
        pod(KATA, annotations="io.katacontainers.config.hypervisor.kernel_params: agent.debug_console"),
        "annotations"),
    "path of a configuration": (pod(PLAIN, annotations="io.katacontainers.config_path: /tmp/x"), "annotations"),
    "memory by annotation": (
        pod(PLAIN, annotations="io.katacontainers.config.hypervisor.default_memory: '1'"), "annotations"),
    "policy of the agent": (pod(KATA, annotations="io.katacontainers.config.agent.policy: x"), "annotations"),
    "the runtime by annotation": (
        pod(KATA, annotations="io.katacontainers.config.runtime.disable_new_netns: 'true'"), "annotations"),
    "initialization data that nothing permits": (
        pod(KATA, annotations="io.katacontainers.config.hypervisor.cc_init_data: x"), "annotations"),
    "annotation of Kata before a class is known": (
        pod("", annotations="io.katacontainers.config.hypervisor.enable_iommu: 'true'"), "annotations"),
    "passed GPU by its class as a resource": (pod("", f"resources: {{limits: {{{VFIO_CLASS}: 1}}}}"), "may request"),
    "passed GPU by its class in an init container": (
        pod(f"initContainers: [{{name: i, image: app, resources: {{limits: {{{VFIO_CLASS}: 1}}}}}}]"), "may request"),
    "passed GPU by its class with Kata without GPUs": (
        pod(PLAIN, f"resources: {{limits: {{{VFIO_CLASS}: 1}}}}"), "nvidia.com/pgpu and nvidia.com/nvswitch"),
    "no passed GPU, but by name": (pod("", "resources: {limits: {nvidia.com/pgpu: 0}}"), "may request"),
    "NVSwitch in an init container": (
        pod("initContainers: [{name: i, image: app, resources: {limits: {nvidia.com/nvswitch: 1}}}]"), "may request"),
    "passed GPU in a sidecar of Kata without GPUs": (
        pod(f"{PLAIN}, initContainers: [{{name: s, image: app, restartPolicy: Always, {GPU}}}]"), "may request"),
    "GPUs under a name of their own with Kata": (
        pod(KATA, "resources: {limits: {nvidia.com/H100_SXM: 1}}"), "no GPUs of containers"),
    "virtual GPU with Kata": (pod(KATA, "resources: {limits: {nvidia.com/GRID_A100: 1}}"), "no GPUs of containers"),
    "container GPU beside resources of the pod": (
        pod(f"{KATA}, resources: {{limits: {{cpu: 1}}}}", "resources: {limits: {nvidia.com/gpu: 1}}"),
        "no GPUs of containers"),
    "toleration without an operator": (pod("tolerations: [{key: gpublueprint.dev/kata, value: 'true'}]"), "tolerate"),
    "toleration of a pod that waits at a gate": (
        pod("schedulingGates: [{name: later}], tolerations: [{operator: Exists}]"), "tolerate"),
    "toleration of everything with empty fields": (
        pod("tolerations: [{key: '', operator: Exists, effect: ''}]"), "tolerate"),
    "the name of a node, as a pod of a DaemonSet": (
        {**pod("nodeName: secure-0"), "metadata": {"name": "it", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "1"}]}}, "name their node"),
    "the name of a node, for a generated name": (
        {**pod("nodeName: secure-0"), "metadata": {"generateName": "it-"}}, "name their node"),
    "one file of the host": (
        pod(f"{KATA}, volumes: [{{name: h, hostPath: {{path: /etc/shadow, type: File}}}}]"), "access to the host"),
    "a device of the host": (
        pod(f"{KATA}, volumes: [{{name: h, hostPath: {{path: /dev/vfio/vfio, type: CharDevice}}}}]"),
        "access to the host"),
    "everything of the host": (pod(f"{PLAIN}, hostNetwork: true, hostPID: true, hostIPC: true"), "access to the host"),
    "privileged sidecar": (
        pod(f"{PLAIN}, initContainers: [{{name: s, image: app, restartPolicy: Always, "
            "securityContext: {privileged: true}}]"), "not privileged"),
    "privileged among others": (
        {**pod(PLAIN), "spec": {"runtimeClassName": "kata-qemu", "containers": [
            {"name": "main", "image": "app"},
            {"name": "more", "image": "app", "securityContext": {"privileged": True}}]}}, "not privileged"),
    "several claims with Kata": (
        pod(f"{KATA}, resourceClaims: [{{name: a, resourceClaimName: x}}, {{name: b, resourceClaimTemplateName: y}}]"),
        "no claimed devices"),
    "a shared file system by annotation": (
        pod(PLAIN, annotations="io.katacontainers.config.hypervisor.shared_fs: virtio-fs"), "annotations"),
    "a program of the host by annotation": (
        pod(PLAIN, annotations="io.katacontainers.config.hypervisor.virtio_fs_daemon: /bin/sh"), "annotations"),
    "an annotation without a value": (
        pod(KATA, annotations="io.katacontainers.config.hypervisor.enable_annotations: ''"), "annotations"),
    "an annotation that Kata writes itself": (
        pod(KATA, annotations="io.katacontainers.pkg.oci.bundle_path: /x"), "annotations"),
    "devices plugged by annotation": (pod(KATA, annotations="cdi.k8s.io/vfio0: nvidia.com/pgpu=0"), "annotations"),
}  # fmt: skip
HONEST: dict[str, dict[str, Any]] = {
    "an ordinary pod": pod(""),
    "without requests and limits": pod("", "resources: {}"),
    "with processors and memory": pod("", "resources: {limits: {cpu: 1, memory: 1Gi}}"),
    "GPUs of containers": pod("", "resources: {limits: {nvidia.com/gpu: 8}}"),
    "GPUs through their customary taint": pod(
        "tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]",
        "resources: {limits: {nvidia.com/gpu: 1}}",
    ),
    "with the class of containers": pod("runtimeClassName: nvidia", "resources: {limits: {nvidia.com/gpu: 1}}"),
    "MIG": pod("", "resources: {limits: {nvidia.com/mig-1g.10gb: 2}}"),
    "Kata with a GPU": pod(KATA, GPU),
    "Kata with all GPUs and NVSwitches": pod(
        KATA, "resources: {limits: {nvidia.com/pgpu: 8, nvidia.com/nvswitch: 4, memory: 64Gi}}"
    ),
    "Kata with the toleration written out": pod(
        f"{KATA}, tolerations: [{{key: gpublueprint.dev/kata, operator: Exists, effect: NoSchedule}}]", GPU
    ),
    "Kata without GPUs": pod(PLAIN),
    "Kata with a GPU in an init container": pod(f"{KATA}, initContainers: [{{name: i, image: app, {GPU}}}]", GPU),
    "Kata with volumes": pod(
        f"{PLAIN}, volumes: [{{name: a, emptyDir: {{}}}}, {{name: b, configMap: {{name: c}}}}, {{name: d, secret: "
        "{secretName: e}}, {name: f, persistentVolumeClaim: {claimName: g}}, "
        "{name: p, projected: {sources: [{configMap: {name: c}}]}}]"
    ),
    "Kata with annotations of others": pod(PLAIN, annotations="prometheus.io/scrape: 'true', kueue.x-k8s.io/x: y"),
    "Kata, hardened": pod(
        PLAIN, "securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
    ),
    "Kata on chosen nodes": pod(f"{PLAIN}, nodeSelector: {{acme.example/pool: plain}}"),
    "toleration of other taints": pod(
        "tolerations: [{key: a, operator: Exists}, {key: b, value: c, effect: NoExecute}]"
    ),
    "toleration of what evicts": pod("tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 300}]"),
    "directory of the host outside of Kata": pod("volumes: [{name: h, hostPath: {path: /data}}]"),
    "network of the host outside of Kata": pod("hostNetwork: true"),
    "privileged outside of Kata": pod("", "securityContext: {privileged: true}"),
    "claim outside of Kata": pod("resourceClaims: [{name: gpu, resourceClaimName: mine}]"),
    "claim made of a template outside of Kata": pod("resourceClaims: [{name: gpu, resourceClaimTemplateName: mine}]"),
    "pod of a DaemonSet": pod(
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: "
        "[{key: metadata.name, operator: In, values: [train-0]}]}]}}}"
    ),
    "devices by annotation outside of Kata": pod("", annotations="cdi.k8s.io/gpu: nvidia.com/gpu=0"),
}
AGENT = pod("hostNetwork: true, tolerations: [{operator: Exists}]", "securityContext: {privileged: true}")


@pytest.fixture(scope="module")
def guarded(lab: Any) -> Iterator[Any]:
    """A lab with the policies, the RuntimeClasses, and classes that an attacker would try to use."""
    with lab.fresh() as own:
        for each in (*rendered(PLATFORM, "kata-deploy"), *rendered(PLATFORM, "kata-admission")):
            if each.id.kind in PLACES:
                own.request("POST", PLACES[each.id.kind], dict(each.data))
        taint = {"key": "gpublueprint.dev/kata", "operator": "Exists"}
        for name in ("nvidia", "smuggler", "kata-runc"):
            scheduling = {} if name == "nvidia" else {"scheduling": {"tolerations": [taint]}}
            own.request("POST", PLACES["RuntimeClass"], {"metadata": {"name": name}, "handler": "runc", **scheduling})
        for name in ("health", *TRUSTED):
            if name != "kube-system":
                own.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
            own.request("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        await_policies(own)
        yield own


def refused(lab: Any, body: dict[str, Any], namespace: str = "health", collection: str = PODS) -> str:
    """Why the server would reject it; empty if it would accept it."""
    try:
        lab.request("POST", f"{collection.format(namespace)}?dryRun=All", body)
    except RequestFailed as failed:
        if failed.status == HTTPStatus.FORBIDDEN:
            return str(failed)
        raise
    return ""


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_by_the_rule_that_is_meant(guarded: Any, name: str) -> None:
    body, words = ATTACKS[name]
    said = refused(guarded, body)
    assert "ValidatingAdmissionPolicy 'kata-" in said
    assert words in said


@pytest.mark.parametrize("name", HONEST)
def test_honest_pods_are_admitted(guarded: Any, name: str) -> None:
    assert refused(guarded, HONEST[name]) == ""


@pytest.mark.parametrize("namespace", TRUSTED)
def test_agents_of_trusted_namespaces_reach_every_node(guarded: Any, namespace: str) -> None:
    assert "tolerate" in refused(guarded, AGENT)
    assert refused(guarded, AGENT, namespace) == ""


def created(lab: Any, body: dict[str, Any], name: str) -> str:
    """The path of an existing pod."""
    lab.request("POST", PODS.format("health"), {**body, "metadata": {**body["metadata"], "name": name}})
    return f"{PODS.format('health')}/{name}"


def patch(lab: Any, path: str, change: Any, kind: str = "strategic-merge-patch") -> str:
    try:
        lab.request("PATCH", f"{path}?dryRun=All", change, content_type=f"application/{kind}+json")
    except RequestFailed as failed:
        if failed.status == HTTPStatus.FORBIDDEN:
            return str(failed)
        raise
    return ""


def more(toleration: dict[str, str]) -> list[dict[str, Any]]:
    """A pod's tolerations can only grow: Kubernetes adds two to each pod."""
    return [{"op": "add", "path": "/spec/tolerations/-", "value": toleration}]


ANNOTATION = {"metadata": {"annotations": {"io.katacontainers.config.hypervisor.kernel_params": "x"}}}


def test_what_is_refused_at_first_is_refused_later(guarded: Any) -> None:
    """Annotations are read again when a virtual machine is recreated; tolerations of a pending pod may still grow."""
    plain = created(guarded, HONEST["with processors and memory"], "plain")
    machine = created(guarded, HONEST["Kata with a GPU"], "machine")
    assert "annotations" in patch(guarded, machine, ANNOTATION)
    assert "annotations" in patch(guarded, machine, ANNOTATION, "merge-patch")
    added = [{"op": "add", "path": "/metadata/annotations", "value": ANNOTATION["metadata"]["annotations"]}]
    assert "annotations" in patch(guarded, machine, added, "json-patch")
    assert "annotations" in patch(guarded, f"{machine}/status", ANNOTATION)
    running = {"status": {"phase": "Running"}}
    assert patch(guarded, f"{machine}/status", running) == ""
    for toleration in ({"operator": "Exists"}, {"key": "gpublueprint.dev/kata", "operator": "Exists"}):
        assert "tolerate" in patch(guarded, plain, more(toleration), "json-patch")
    debugger = {"name": "debug", "image": "app", "securityContext": {"privileged": True}}
    change = {"spec": {"ephemeralContainers": [debugger]}}
    assert "not privileged" in patch(guarded, f"{machine}/ephemeralcontainers", change)
    assert patch(guarded, f"{plain}/ephemeralcontainers", change) == ""
    harmless = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "app"}]}}
    assert patch(guarded, f"{machine}/ephemeralcontainers", harmless) == ""
    assert patch(guarded, machine, {"metadata": {"annotations": {"a": "b"}, "labels": {"a": "b"}}}) == ""
    assert patch(guarded, plain, more({"key": "other", "operator": "Exists"}), "json-patch") == ""
    bigger = {
        "spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}}]}
    }
    assert patch(guarded, f"{plain}/resize", bigger) == ""


def test_pods_from_before_the_policies_can_still_end(guarded: Any) -> None:
    """Their controllers remove finalizers: an update that changes none of the forbidden fields."""
    path, policies = PLACES["ValidatingAdmissionPolicyBinding"], ("kata-pods", "kata-machines")
    for name in policies:
        guarded.request("DELETE", f"{path}/{name}")
    attacks = {
        "old-agent": AGENT,
        "old-annotation": ATTACKS["kernel parameters"][0],
        "old-node": ATTACKS["the name of a node"][0],
        "old-gpu": ATTACKS["container GPU with Kata"][0],
    }
    eventually(lambda: not any(refused(guarded, each) for each in attacks.values()), "the policies are gone")
    old = {name: created(guarded, body, name) for name, body in attacks.items()}
    for name in policies:
        spec = {"policyName": name, "validationActions": ["Deny"]}
        guarded.request("POST", path, {"metadata": {"name": name}, "spec": spec})
    eventually(lambda: all(refused(guarded, each) for each in attacks.values()), "the policies are back")
    for each in old.values():
        assert patch(guarded, each, {"metadata": {"labels": {"a": "b"}}}) == ""
    assert "annotations" in patch(
        guarded, old["old-annotation"],
        {"metadata": {"annotations": {"io.katacontainers.config.hypervisor.kernel_params": "worse"}}},
    )  # fmt: skip
    assert patch(guarded, old["old-annotation"], {"metadata": {"annotations": None}}) == ""


def test_binding_a_pod_by_hand_passes_no_taint(guarded: Any) -> None:
    created(guarded, HONEST["an ordinary pod"], "bound")
    binding = {
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "bound", "namespace": "health"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "secure-0"},
    }  # fmt: skip
    for place in ("pods/bound/binding", "bindings"):
        with pytest.raises(RequestFailed, match="only schedulers may bind"):
            guarded.request("POST", f"/api/v1/namespaces/health/{place}", binding)


def claim(requests: str, *, template: bool = False) -> dict[str, Any]:
    spec = yaml.safe_load(f"{{devices: {{requests: {requests}}}}}")
    kind = "ResourceClaimTemplate" if template else "ResourceClaim"
    head = {"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": {"name": "it"}}
    return {**head, "spec": {"spec": spec} if template else spec}


WHOLE, VFIO = "deviceClassName: gpu.nvidia.com", "deviceClassName: vfio.gpu.nvidia.com"
FORBIDDEN_CLAIMS = {
    "[{name: g, exactly: {deviceClassName: vfio.gpu.nvidia.com}}]": "passed to virtual machines",
    f"[{{name: a, exactly: {{{WHOLE}}}}}, {{name: g, exactly: {{{VFIO}}}}}]": "passed",
    f"[{{name: g, firstAvailable: [{{name: a, {WHOLE}}}, {{name: b, {VFIO}}}]}}]": "passed",
}
ALLOWED_CLAIMS = (
    "[]",
    "[{name: g, exactly: {deviceClassName: gpu.nvidia.com}}]",
    "[{name: g, exactly: {deviceClassName: mig.nvidia.com, count: 2}}]",
    f"[{{name: g, firstAvailable: [{{name: a, {WHOLE}}}, {{name: b, deviceClassName: mig.nvidia.com}}]}}]",
)


@pytest.mark.parametrize("template", [False, True])
@pytest.mark.parametrize("requests", FORBIDDEN_CLAIMS)
def test_claims_of_passed_gpus_are_refused(guarded: Any, requests: str, *, template: bool) -> None:
    said = refused(guarded, claim(requests, template=template), collection=TEMPLATES if template else CLAIMS)
    assert FORBIDDEN_CLAIMS[requests] in said


@pytest.mark.parametrize("template", [False, True])
@pytest.mark.parametrize("requests", ALLOWED_CLAIMS)
def test_other_claims_are_made(guarded: Any, requests: str, *, template: bool) -> None:
    assert refused(guarded, claim(requests, template=template), collection=TEMPLATES if template else CLAIMS) == ""


def test_nobody_looks_at_devices_of_others(guarded: Any) -> None:
    """Even in a namespace in which Kubernetes would allow it."""
    guarded.request(
        "PATCH", "/api/v1/namespaces/health", {"metadata": {"labels": {"resource.kubernetes.io/admin-access": "true"}}},
        content_type="application/merge-patch+json",
    )  # fmt: skip
    asked = "[{name: g, exactly: {deviceClassName: gpu.nvidia.com, adminAccess: true, allocationMode: All}}]"
    for template, place in ((False, CLAIMS), (True, TEMPLATES)):
        assert "adminAccess" in refused(guarded, claim(asked, template=template), collection=place)


def test_the_lists_are_long_enough() -> None:
    assert len(ATTACKS) + len(FORBIDDEN_CLAIMS) * 2 >= 40
    assert len(HONEST) + len(ALLOWED_CLAIMS) * 2 >= 20
