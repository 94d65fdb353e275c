"""Files of many objects that may refer to each other, so that a rule which compares each with each never ends."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.hostile_texts import (
    CONFIG_MAP,
    CRD,
    LABELLED_POD,
    ONE_CONTAINER,
    again,
    numbered,
    objects_of,
    several,
)

DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{0}, namespace: b}}\n"
    "spec: {{replicas: 1, selector: {{matchLabels: {{app: a}}}}, template: {{metadata: {{labels: {{app: a}}}}, "
    "spec: {{containers: [{{name: c, image: 'r.example/a:1', "
    "resources: {{limits: {{nvidia.com/gpu: 1}}}}}}]}}}}}}\n---\n"
)
BUDGET = (
    "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: p{0}, namespace: b}}\n"
    "spec: {{maxUnavailable: 1, selector: {{matchLabels: {{app: a}}}}}}\n---\n"
)
JOB = (
    "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j{0}, namespace: b}}\n"
    "spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: 'r.example/a:1', "
    "resources: {{limits: {{nvidia.com/gpu: 1}}}}}}]}}}}}}\n---\n"
)
NODE_POOL = (
    "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {{name: n{0}}}\n"
    "spec: {{template: {{spec: {{nodeClassRef: {{group: karpenter.k8s.aws, kind: EC2NodeClass, name: c{0}}}, "
    "taints: [{{key: t{0}, effect: NoSchedule}}], requirements: "
    "[{{key: karpenter.k8s.aws/instance-family, operator: In, values: [p5]}}]}}}}}}\n---\n"
)
NODE_CLASS = "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {{name: c{0}}}\nspec: {{role: a}}\n---\n"
SERVICE_MONITOR = (
    "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {{name: m{0}, namespace: b}}\n"
    "spec: {{endpoints: [{{port: x}}], selector: {{matchLabels: {{app: a}}}}}}\n---\n"
)
LABELLED_SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {{name: s{0}, namespace: b, labels: {{app: a}}}}\n"
    "spec: {{ports: [{{port: 80, name: y}}]}}\n---\n"
)
PROMETHEUS = (
    "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {{name: p{0}, namespace: b}}\n"
    "spec: {{serviceMonitorSelector: {{matchLabels: {{a: b}}}}}}\n---\n"
)
COHORT = "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {{name: c{0}}}\nspec: {{parentName: c{1}}}\n---\n"
KAI_QUEUE = (
    "apiVersion: scheduling.run.ai/v2\nkind: Queue\nmetadata: {{name: q{0}}}\n"
    "spec: {{parentQueue: q{1}, resources: {{gpu: {{quota: 1, limit: -1}}}}}}\n---\n"
)
NODE = "apiVersion: v1\nkind: Node\nmetadata: {{name: n{0}, labels: {{l{0}: x}}}}\n---\n"
CHOOSING_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: b}}\n"
    "spec: {{nodeSelector: {{nvidia.com/gpu.prodct{0}: x}}, containers: [{{name: c, image: 'r.example/a:1'}}]}}\n---\n"
)
CLAIM_OF_A_CLASS = (
    "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{name: r{0}, namespace: b}}\n"
    "spec: {{devices: {{requests: [{{name: g, exactly: {{deviceClassName: a}}}}]}}}}\n---\n"
)
DEVICE_CLASS = "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {{name: {0}}}\nspec:\n  selectors:\n"
SELECTOR = "  - cel: {{expression: 'device.driver == \"a{0}\"'}}\n"
DOMAIN = (
    "apiVersion: resource.nvidia.com/v1beta1\nkind: ComputeDomain\nmetadata: {{name: d{0}, namespace: b}}\n"
    "spec: {{numNodes: 0, channel: {{resourceClaimTemplate: {{name: t}}}}}}\n---\n"
)
AUTOSCALER_OF_ONE = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h{0}, namespace: b}}\n"
    "spec: {{maxReplicas: 1, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: d0}}}}\n---\n"
)
DRIVER = (
    "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {{name: d{0}}}\n"
    "spec: {{driverType: gpu, image: driver, nodeSelector: {{pool: a}}}}\n---\n"
)
LOCAL_QUEUE = (
    "apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {{name: l{0}, namespace: b}}\n"
    "spec: {{clusterQueue: c{0}}}\n---\n"
)
QUOTA = (
    "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q{0}, namespace: b}}\n"
    "spec: {{hard: {{requests.nvidia.com/gpu: 1}}}}\n---\n"
)
MISSPELT_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: b}}\n"
    "spec: {{hostNetwrk{0}: true, containers: [{{name: c, imge{0}: a}}]}}\n---\n"
)
WAIVED_POD = (
    "# blueprint: waive BP6101 until 2030-03-31 -- a reason (owner)\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: b}}\nspec:\n  containers:\n"
    "    - {{name: main, image: a, resources: {{limits: {{nvidia.com/gpu: 500m}}}}}}\n---\n"
)
JOB_SET = (
    "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: a, namespace: b}\nspec:\n  replicatedJobs:\n"
)
REPLICATED = (
    "  - {{name: j{0}, replicas: 2, template: {{spec: {{parallelism: 2, template: {{spec: {{restartPolicy: Never, "
    "tolerations: [{{key: nvidia.com/gpu, operator: Exists}}], "
    "containers: [{{name: c, image: 'r.example/a:1'}}]}}}}}}}}}}\n"
)
CLUSTER_QUEUE = (
    "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: a}\nspec:\n  resourceGroups:\n"
    "  - coveredResources: [cpu]\n    flavors:\n"
)
PANEL = '{{"targets":[{{"expr":"sum(DCGM_FI_DEV_X{0})"}}]}},'
NETWORK_POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\nspec:\n"
    "  podSelector: {}\n  ingress:\n  - from:\n"
)
OBJECT_OF_CRD = "apiVersion: b.example/v1\nkind: A\nmetadata: {{name: a{0}, namespace: b}}\n{1}\n---\n"


def in_config_maps(key: str, lines: Callable[[int], str], size: int) -> str:
    """ConfigMaps of half a megabyte, which the API server takes."""
    each = min(500_000, size)
    return "---\n".join(
        CONFIG_MAP.replace("name: a", f"name: a{number}") + f"  {key}: |\n" + lines(each)
        for number in range(size // each)
    )


def in_a_chain(form: str, size: int, *, closed: bool) -> str:
    """Objects of which each is below the next; the last below the first where the chain is closed."""
    count = size // len(form.format(10**5, 10**5))
    return "".join(form.format(n, (n + 1) % count if closed else n + 1) for n in range(count))


def nested_all_of(depth: int) -> str:
    """A schema in schemas."""
    return "{allOf: [" * depth + "{type: object}" + "]}" * depth


PAIRS: dict[str, Callable[[int], str | bytes]] = {
    "budgets and Deployments": lambda size: several(size, BUDGET, DEPLOYMENT),
    "node pools, classes and Jobs": lambda size: several(size, NODE_POOL, NODE_CLASS, JOB),
    "monitors and Services": lambda size: several(size, SERVICE_MONITOR, LABELLED_SERVICE),
    "monitors and Prometheis": lambda size: several(size, SERVICE_MONITOR, PROMETHEUS),
    "cohorts in a ring": lambda size: in_a_chain(COHORT, size, closed=True),
    "cohorts in a chain": lambda size: in_a_chain(COHORT, size, closed=False),
    "queues in a chain": lambda size: in_a_chain(KAI_QUEUE, size, closed=False),
    "queues below one": lambda size: numbered(KAI_QUEUE.replace("q{1}", "q0"), size),
    "Nodes and Pods": lambda size: several(size, NODE, CHOOSING_POD),
    "claims of a class": lambda size: (
        objects_of(DEVICE_CLASS.format("a"), SELECTOR, size // 2) + "---\n" + numbered(CLAIM_OF_A_CLASS, size // 2)
    ),
    "classes with selectors": lambda size: "---\n".join(
        objects_of(DEVICE_CLASS.format(f"c{n}"), SELECTOR.replace("a{0}", f"a{n}-{{0}}"), 1_500)
        for n in range(size // 1_500)
    ),
    "compute domains": lambda size: numbered(DOMAIN, size),
    "autoscalers of a Deployment": lambda size: several(size, AUTOSCALER_OF_ONE, DEPLOYMENT),
    "driver objects": lambda size: numbered(DRIVER, size),
    "queues and quotas of a namespace": lambda size: several(size, LOCAL_QUEUE, QUOTA),
    "misspelt fields in Pods": lambda size: numbered(MISSPELT_POD, size),
    "waivers and findings": lambda size: numbered(WAIVED_POD, size),
    "replicated jobs": lambda size: objects_of(JOB_SET, REPLICATED, size),
    "flavors of a queue": lambda size: objects_of(
        CLUSTER_QUEUE, "    - {{name: f{0}, resources: [{{name: cpu, nominalQuota: 1}}]}}\n", size
    ),
    "peers of a NetworkPolicy": lambda size: objects_of(
        NETWORK_POLICY, "    - {{podSelector: {{matchLabels: {{a: b{0}}}}}}}\n", size
    ),
    "keys of a Secret": lambda size: objects_of(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\ndata:\n", "  k{0}: '*'\n", size
    ),
    "mounts of volumes": lambda size: (
        ONE_CONTAINER + "    volumeMounts:\n" + numbered("    - {{name: w{0}, mountPath: /{0}}}\n", size // 2)
        + "  volumes:\n" + numbered("  - {{name: v{0}, emptyDir: {{}}}}\n", size // 2)
    ),
    "tolerations": lambda size: (
        ONE_CONTAINER + "  tolerations:\n" + numbered("  - {{key: k{0}, operator: Exists}}\n", size)
    ),
    "counters in ConfigMaps": lambda size: in_config_maps(
        "dcgm-metrics.csv", lambda each: numbered("    DCGM_FI_DEV_GPU_UTI{0}, gauge, text\n", each), size
    ),
    "long counters in ConfigMaps": lambda size: in_config_maps(
        "dcgm-metrics.csv", lambda each: f"    DCGM_FI_DEV_GPU_UTIL, gauge, {'x' * each}\n", size
    ),
    "dashboards in ConfigMaps": lambda size: in_config_maps(
        "a.json",
        lambda each: f'    {{"panels":[{numbered(PANEL, each)}{{}}]}}\n',
        size,
    ),
    "texts like credentials": lambda size: in_config_maps(
        "a.env", lambda each: numbered("    A_TOKEN=abc{0}\n", each), size
    ),
    "versions of a definition": lambda size: (
        CRD.partition("  - name: v1\n")[0]
        + numbered(
            "  - {{name: v{0}, served: true, storage: false, schema: {{openAPIV3Schema: {{type: object, "
            "x-kubernetes-preserve-unknown-fields: true}}}}}}\n", size,
        )
    ),
    "definitions": lambda size: numbered(
        CRD.replace("{", "{{").replace("}", "}}").replace("b.example", "b{0}.example") + "---\n", size
    ),
    "schemas in schemas": lambda size: (
        CRD + "        properties:\n" + "".join(f"          p{n}: {nested_all_of(30)}\n" for n in range(size // 1_000))
        + "---\n" + numbered(OBJECT_OF_CRD.replace("{1}", "p1: {{}}"), size // 2)
    ),
    "rules over lists": lambda size: (
        CRD + "        properties:\n          l: {type: array, items: {type: integer}}\n"
        "        x-kubernetes-validations:\n"
        "        - {rule: 'self.l.all(x, self.l.exists(y, self.l.exists(z, x + y + z == -1)))', message: a}\n---\n"
        + OBJECT_OF_CRD.format(0, f"l: [{'1, ' * (size // 3)}1]")
    ),
    "aliases in each document": lambda size: again(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n"
        f"a: &a {{{', '.join(f'k{n}: v' for n in range(100))}}}\nb: [{', '.join(['*a'] * 900)}]\n---\n", size,
    ),
    "Pods in no namespace": lambda size: numbered(LABELLED_POD.replace(", namespace: b", ""), size),
}  # fmt: skip
"""By name, what makes a file of about so many bytes."""
