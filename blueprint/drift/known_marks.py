"""Known marks on nodes, indexed for the components of one bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from blueprint.bundle.model import Bundle
from blueprint.catalog.component_files.node_marks import KnownTaint, Place, Progress, Switch, load_node_marks
from blueprint.drift.view import Live
from blueprint.records import Record


class NodeProgress(Record):
    """The progress of an operator on one node, according to its mark."""

    progress: Progress
    value: str
    failed: bool


class Marks:
    """The marks that the components of a bundle know, indexed for lookups."""

    def __init__(self, bundle: Bundle) -> None:
        rendered = frozenset(obj.component for obj in bundle.objects)
        held = [each for each in load_node_marks() if each.holds(rendered)]
        self._bundle = bundle
        self.taints: tuple[KnownTaint, ...] = tuple(taint for each in held for taint in each.taints)
        self._progress = {step.key: step for each in held for step in each.progress}
        self._switches: dict[Place, dict[str, Switch]] = {"labels": {}, "annotations": {}}
        for switch in (switch for each in held for switch in each.switches):
            self._switches[switch.at] |= dict.fromkeys(switch.keys, switch)
        self._found: dict[Place, dict[str, Switch | None]] = {
            "labels": {},
            "annotations": {},
        }  # a cache: nodes have similar marks

    @cached_property
    def tolerations(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """The tolerations of pods that run on every node, by object. Read only if a taint keeps pods away."""
        return dict(_tolerations(self._bundle))

    def taint(self, key: str) -> KnownTaint | None:
        """The known facts about a taint."""
        return next((known for known in self.taints if fnmatchcase(key, known.key)), None)

    def stages(self, node: Live) -> list[NodeProgress]:
        """All operations that operators report as running or failed on the node."""
        labels = node["metadata"].get("labels") or {}
        found = ((step, labels[key]) for key, step in self._progress.items() if key in labels)
        return [NodeProgress(step, value, value in step.failed) for step, value in found if value not in step.done]

    def switches(self, node: Live) -> Iterator[tuple[Switch, str, str]]:
        """All marks of the node that an operator reads: the known facts, the key and the value."""
        for at, found in self._found.items():
            for key, value in (node["metadata"].get(at) or {}).items():
                if key not in found:
                    found[key] = self._switch(at, key)
                if switch := found[key]:
                    yield switch, key, str(value)

    def _switch(self, at: Place, key: str) -> Switch | None:
        known = self._switches[at]
        return known.get(key) or next((s for k, s in known.items() if k.endswith("*") and fnmatchcase(key, k)), None)


def _tolerations(bundle: Bundle) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The tolerations of pods that run on every node, by their object in the bundle."""
    for obj in bundle.objects:
        spec = obj.data.get("spec")
        if obj.id.kind == "DaemonSet" and spec:
            yield str(obj.id), spec["template"]["spec"].get("tolerations") or []
        elif isinstance(spec, Mapping) and isinstance(spec.get("daemonsets"), Mapping):
            yield str(obj.id), spec["daemonsets"].get("tolerations") or []
