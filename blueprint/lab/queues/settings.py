"""The rendered configuration and arguments of a queue manager, adapted to a lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, Object
from blueprint.catalog.component_files.lab_programs import QueueProgram
from blueprint.platform.nodes.offered import MACHINE_RESOURCES
from blueprint.source.loader import load_text
from blueprint.source.yaml_writer import emit

_GATES = "--feature-gates="
Places = Mapping[str, int | str | list[str]]


def find_object(bundle: Bundle, program: QueueProgram, kind: str, name: str) -> Object | None:
    """An object of the manager's component; None if the bundle does not contain it."""
    found = (obj for obj in bundle.objects if obj.component == program.component)
    return next((obj for obj in found if (obj.id.kind, obj.id.name) == (kind, name)), None)


def configuration(rendered: str, program: QueueProgram, places: Places, *, built: bool) -> str:
    """The configuration text for a lab."""
    data = _merged(load_text(rendered, program.key).data, program.configuration)
    data = _merged(data, program.built.configuration) if built else data
    return emit(_filled(data, places))


def arguments(rendered: Iterable[str], program: QueueProgram, *, built: bool) -> list[str]:
    """The rendered arguments without the path of the configuration, with the feature gates that a lab needs."""
    rendered = list(rendered)
    given = next((each.removeprefix(_GATES) for each in rendered if each.startswith(_GATES)), "")
    gates = dict(each.split("=", 1) for each in given.split(",") if each)
    wanted = {**program.gates, **(program.built.gates if built else {})}
    gates |= {name: "true" if on else "false" for name, on in wanted.items()}
    others = [each for each in rendered if not each.startswith((_GATES, "--config="))]
    return [*others, _GATES + ",".join(f"{name}={value}" for name, value in gates.items())]


def _merged(data: Any, over: Any) -> Any:
    """The merged data: maps by key, everything else replaced; null removes a key."""
    if not isinstance(data, Mapping) or not isinstance(over, Mapping):
        return over
    found = {**data, **{key: _merged(data.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in found.items() if value is not None}


def _filled(data: Any, places: Places) -> Any:
    """The data with placeholders replaced. A string that consists only of a placeholder becomes its value, which may be
    a number or a list.
    """
    if isinstance(data, Mapping):
        return {key: _filled(value, places) for key, value in data.items()}
    if isinstance(data, list):
        return [_filled(each, places) for each in data]
    if not isinstance(data, str) or "{" not in data:
        return data
    return places[data[1:-1]] if data[1:-1] in places else data.format(**places)


def uncounted(bundle: Bundle, program: QueueProgram, requested: Iterable[str]) -> list[str]:
    """Resources without a quota in the bundle, among those in `requested` and those that every machine has."""
    groups = [
        group
        for obj in bundle.objects
        if obj.id.group == program.group
        for group in (obj.data.get("spec") or {}).get("resourceGroups") or ()
    ]
    counted = {name for group in groups for name in group["coveredResources"]}
    return sorted(
        each for each in {*MACHINE_RESOURCES, *requested} if not any(name.startswith(each) for name in counted)
    )
