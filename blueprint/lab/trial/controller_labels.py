"""Labels that a controller would set on the pods of a workload: `controller_labels.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.bundle.model import Object
from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.check.finding import value_at
from blueprint.check.rule_context import inside
from blueprint.kubernetes.pod_templates import PodTemplate
from blueprint.records import Record


class SetName(Record, kw_only=True):
    """The source of a pod set's name: the number of steps of the template's path, and the field; or a fixed name."""

    steps: int
    name: Text
    otherwise: Text = ""


class LabelsOfKind(Record, kw_only=True):
    """The labels, and how the pods of a kind are counted: `groups` is the field with the number of replicas."""

    labels: Mapping[Text, Text]
    set: SetName | None = None
    groups: Text | None = None


class ControllerLabelsFile(CatalogueFile, kw_only=True):
    """The table of labels, by API group and kind."""

    kinds: Mapping[Text, LabelsOfKind]


def controller_labels(obj: Object, templates: Sequence[PodTemplate], index: int, number: int) -> dict[str, str]:
    """The labels of one pod: number `number` of the template at `index`. Empty for other kinds."""
    how = _table().kinds.get(f"{obj.id.group} {obj.id.kind}")
    if how is None:
        return {}
    each = _of_group(obj, templates[index], how)
    before = 0 if how.set else sum(_of_group(obj, one, how) for one in templates[:index])
    words = {
        "owner": obj.id.name,
        "set": _set_name(obj, templates[index], how.set),
        "group": number // each,
        "pod": before + number % each,
    }
    return {key: text.format(**words) for key, text in how.labels.items()}


def _of_group(obj: Object, template: PodTemplate, how: LabelsOfKind) -> int:
    """The number of pods of a template in one replica."""
    data = _set(obj, template, how.set)
    groups = inside(data, *how.groups.split(".")) if how.groups else 1
    return max(1, template.number // groups) if isinstance(groups, int) and groups > 0 else max(1, template.number)


def _set(obj: Object, template: PodTemplate, named: SetName | None) -> Any:
    return value_at(obj.data, template.path[: named.steps]) if named else obj.data


def _set_name(obj: Object, template: PodTemplate, named: SetName | None) -> str:
    return str(inside(_set(obj, template, named), named.name) or named.otherwise) if named else ""


@cache
def _table() -> ControllerLabelsFile:
    return read(Path(__file__).with_name("controller_labels.yaml"), ControllerLabelsFile)
