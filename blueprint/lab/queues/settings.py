"""The rendered configuration and arguments of a manager of queues, with what is different in a lab."""

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
    """An object of the manager's component; None where the bundle does not have it."""
    found = (obj for obj in bundle.objects if obj.component == program.component)
    return next((obj for obj in found if (obj.id.kind, obj.id.name) == (kind, name)), None)


def configuration(rendered: str, program: QueueProgram, places: Places, *, built: bool) -> str:
    """The configuration's text for a lab."""
    data = _merged(load_text(rendered, program.key).data, program.configuration)
    data = _merged(data, program.built.configuration) if built else data
    return emit(_filled(data, places))


def arguments(rendered: Iterable[str], program: QueueProgram, *, built: bool) -> list[str]:
    """The rendered arguments but for the configuration's path, with the features as a lab needs them."""
    rendered = list(rendered)
    given = next((each.removeprefix(_GATES) for each in rendered if each.startswith(_GATES)), "")
    gates = dict(each.split("=", 1) for each in given.split(",") if each)
    wanted = {**program.gates, **(program.built.gates if built else {})}
    gates |= {name: "true" if on else "false" for name, on in wanted.items()}
    others = [each for each in rendered if not each.startswith((_GATES, "--config="))]
    return [*others, _GATES + ",".join(f"{name}={value}" for name, value in gates.items())]


def _merged(data: Any, over: Any) -> Any:
    """Maps are merged by key, everything else is replaced; null takes a key away."""
    if not isinstance(data, Mapping) or not isinstance(over, Mapping):
        return over
    found = {**data, **{key: _merged(data.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in found.items() if value is not None}


def _filled(data: Any, places: Places) -> Any:
    """Names of places replaced; a name alone becomes what it stands for, a number or a list too."""
    if isinstance(data, Mapping):
        return {key: _filled(value, places) for key, value in data.items()}
    if isinstance(data, list):
        return [_filled(each, places) for each in data]
    if not isinstance(data, str) or "{" not in data:
        return data
    return places[data[1:-1]] if data[1:-1] in places else data.format(**places)


def uncounted(bundle: Bundle, program: QueueProgram, requested: Iterable[str]) -> list[str]:
    """Resources that no quota of the bundle has, of those that are `requested` and of what every machine has."""
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
