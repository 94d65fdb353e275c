"""Pods of workloads whose controllers do not run in a lab: created from their templates, in the desired number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.bundle.model import Object
from blueprint.kubernetes.pod_templates import PodTemplate, assembled_pod, pod_templates
from blueprint.lab.trial.controller_labels import controller_labels

STAND_IN = "gpublueprint.dev/stand-in-for"
"""The annotation of a pod that replaces a workload: the kind and the name of the workload."""
_LONGEST_PREFIX = 50


def templates_of(obj: Object) -> tuple[PodTemplate, ...]:
    """All templates of an object, including those that it does not contain as a whole."""
    assembled = assembled_pod(obj.data)
    return (*pod_templates(obj.data), *((assembled,) if assembled else ()))


def pods_in_place_of(obj: Object) -> Iterator[Object]:
    """The pods of an object, each with the labels of its template, of the object and of a controller.

    Queues and gang schedulers identify pods by these labels.
    """
    templates = templates_of(obj)
    for index, template in enumerate(templates):
        for number in range(max(0, template.number)):
            more = controller_labels(obj, templates, index, number)
            yield Object(_pod(obj, template, f"{index}-{number}", more), obj.component)


def pods_owned_by(live: dict[str, Any], component: str, tolerations: Sequence[Mapping[str, Any]]) -> Iterator[Object]:
    """The pods of an existing object that its queue has admitted. The object owns them, as with a controller.

    Their scheduling gates have been removed by the queue.
    """
    obj = Object(live, component)
    owner = {"apiVersion": obj.api_version, "kind": obj.id.kind, "name": obj.id.name, "uid": live["metadata"]["uid"]}
    for pod in pods_in_place_of(obj):
        metadata = {**pod.data["metadata"], "ownerReferences": [{**owner, "controller": True}]}
        own = pod.data["spec"].get("tolerations") or []
        spec = {**pod.data["spec"], "tolerations": [*own, *tolerations]}
        spec.pop("schedulingGates", None)
        yield Object({**pod.data, "metadata": metadata, "spec": spec}, component)


def _pod(obj: Object, template: PodTemplate, suffix: str, more: Mapping[str, str]) -> dict[str, Any]:
    metadata = _metadata(obj, template)
    annotations = {**(metadata.get("annotations") or {}), STAND_IN: f"{obj.id.kind}/{obj.id.name}"}
    named = {"name": f"{obj.id.name[:_LONGEST_PREFIX]}-{suffix}", "annotations": annotations}
    place = {"namespace": obj.id.namespace} if obj.id.namespace else {}
    labels = {**(obj.data["metadata"].get("labels") or {}), **(metadata.get("labels") or {}), **more}
    labelled = {"labels": labels} if labels else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**named, **place, **labelled}, "spec": dict(template.spec)}


def _metadata(obj: Object, template: PodTemplate) -> Mapping[str, Any]:
    """The metadata next to the specification; empty if the object does not contain the pod as a whole."""
    if not template.path or template.path[-1] not in ("spec", "podSpec"):
        return {}
    found: Any = obj.data
    for step in template.path[:-1]:
        found = found[step]
    metadata = found.get("metadata") if isinstance(found, Mapping) and found is not obj.data else None
    return metadata if isinstance(metadata, Mapping) else {}
