"""The workloads that a platform offers to its users, as tried in a lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import Object, Taint
from blueprint.kubernetes.pod_templates import pod_templates
from blueprint.lab.trial.inputs import is_workload, workload_of
from blueprint.lab.trial.model import Workload
from blueprint.lab.trial.stand_ins import templates_of
from blueprint.records import Record, replace


class GoldenWorkload(Record):
    """A workload that the platform offers to its users.

    Attributes:
        objects: All objects of its file.
        tolerated: Taints for which its queue adds tolerations on admission.
    """

    objects: tuple[Object, ...]
    tolerated: tuple[Taint, ...] = ()

    def as_written(self) -> tuple[list[Workload], list[Object]]:
        """The workloads for a real queue, and the other objects."""
        workloads = [workload_of(each) for each in self.objects if is_workload(each)]
        return workloads, [each for each in self.objects if not is_workload(each)]

    def as_admitted(self) -> tuple[list[Workload], list[Object]]:
        """The workloads with what their queue adds to pods, and the other objects."""
        workloads, beside = self.as_written()
        return [self._admitted(each) for each in workloads], beside

    def _admitted(self, workload: Workload) -> Workload:
        """The workload with the labels and tolerations that a queue adds, or with pods that replace it."""
        if workload.run:
            return replace(workload, run=tuple(map(self._marked, workload.run)))
        return replace(workload, run=(), object=self._marked(workload.object))

    def _marked(self, obj: Object) -> Object:
        data: Any = obj.data
        labels = data["metadata"].get("labels") or {}
        for template in pod_templates(obj.data):
            data = _with(data, template.path, self._spec(template.spec))
            if len(template.path) > 1:
                beside = (*template.path[:-1], "metadata")
                own = _at(data, beside) or {}
                data = _with(data, beside, {**own, "labels": {**labels, **(own.get("labels") or {})}})
        return Object(data, obj.component, obj.origins)

    def _spec(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        if not self.tolerated:
            return dict(spec)
        own = spec.get("tolerations") or []
        added = [{"key": each.key, "operator": "Exists", "effect": each.effect} for each in self.tolerated]
        return {**spec, "tolerations": [*own, *added]}


def one_of_each(every: Mapping[str, GoldenWorkload]) -> tuple[GoldenWorkload, ...]:
    """One of each shape: tenants of one plan have the same ones."""
    return tuple({_shape(name, each): each for name, each in every.items()}.values())


def _shape(name: str, golden: GoldenWorkload) -> tuple[Any, ...]:
    """A key of the properties that determine whether it can be scheduled: its kind and pool, and the requests of its
    pods.
    """
    templates = (template for each in golden.objects for template in templates_of(each))
    return (name.rpartition("/")[2], *((each.number, str(each.spec.get("containers"))) for each in templates))


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path; None if there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else data[step]
    return data


def _with(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy with another value at one path."""
    if not path:
        return value
    copied = list(data) if isinstance(data, list) else dict(data)
    copied[path[0]] = _with(data[path[0]] if path[1:] else None, path[1:], value)  # type: ignore[index]
    return copied
