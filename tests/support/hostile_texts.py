"""Beginnings of objects, and how they become files of any size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata:\n"
POD_HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\nspec:\n  containers:\n"
ONE_CONTAINER = POD_HEAD + "  - name: c\n    image: r.example/a:1\n"
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: b}}\nspec:\n  containers:\n"
    "    - {{name: main, image: 'r.example/a:1', resources: {{limits: {{nvidia.com/gpu: 500m}}}}}}\n---\n"
)
RULES = (
    "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: a, namespace: b}\nspec:\n  groups:\n"
)
ONE_RULE = RULES + "  - name: g\n    rules:\n"
DEVICE_CLASS = "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: a}\nspec:\n  selectors:\n"
CRON_JOB = (
    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a, namespace: b}\nspec:\n  jobTemplate: {spec: {template: "
    "{spec: {restartPolicy: Never, containers: [{name: a, image: 'r.example/a:1'}]}}}}\n  schedule: "
)
CRD = (
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.b.example}\nspec:\n"
    "  group: b.example\n  scope: Namespaced\n  names: {kind: A, plural: as}\n  versions:\n  - name: v1\n"
    "    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n"
)
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {{name: s{0}, namespace: b}}\n"
    "spec: {{selector: {{app: a{0}}}, ports: [{{port: 80, targetPort: x}}]}}\n---\n"
)
LABELLED_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: b, labels: {{app: b{0}}}}}\n"
    "spec: {{containers: [{{name: c, image: 'r.example/a:1'}}]}}\n---\n"
)
CLAIM = (
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: model-cache-{0}, namespace: b}}\n"
    "spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n---\n"
)
AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h{0}, namespace: b}}\n"
    "spec: {{maxReplicas: 1, scaleTargetRef: {{kind: Deployment, name: x{0}}}}}\n---\n"
)


def again(text: str, size: int) -> str:
    """The text so often that it has the size."""
    return text * (size // len(text))


def numbered(form: str, size: int) -> str:
    """The text with 0, 1, 2 and so on until it has the size."""
    return "".join(_numbered(form, size))


def _numbered(form: str, size: int) -> Iterator[str]:
    for number in count():
        text = form.format(number)
        size -= len(text)
        if size < 0:
            return
        yield text


def objects_of(head: str, item: str, size: int) -> str:
    """One object with so many items that it has the size."""
    return head + numbered(item, size)


def several(size: int, *forms: str) -> str:
    """Objects of several forms, each in an equal part of the size."""
    return "".join(numbered(form, size // len(forms)) for form in forms)
