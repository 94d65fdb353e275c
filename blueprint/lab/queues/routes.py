"""How the API server reaches a manager on this machine: a lab has no Service network.

The Service becomes another name of this machine, and the objects that make the API server call the manager get the
local port.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, Object
from blueprint.catalog.component_files.lab_programs import QueueProgram
from blueprint.records import replace

_HOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_HERE = "localhost"
Json = Mapping[str, Any]


def is_hook(obj: Object, program: QueueProgram) -> bool:
    """Whether an object makes the API server call the manager on writes."""
    return obj.component == program.component and obj.id.kind in _HOOKS


def without_hooks(bundle: Bundle, program: QueueProgram, port: int) -> Bundle:
    """The bundle in the form that can be applied while the manager is not running; its routes already lead to this
    machine.
    """
    others = (obj for obj in bundle.objects if not is_hook(obj, program))
    return replace(bundle, objects=tuple(_routed(obj, program, port) for obj in others))


def hooks(bundle: Bundle, program: QueueProgram, port: int, unless: str) -> Iterator[Object]:
    """The omitted webhooks. The manager is not called for objects with the annotation `unless`."""
    expression = f"!has(object.metadata.annotations) || !('{unless}' in object.metadata.annotations)"
    for obj in bundle.objects:
        if is_hook(obj, program):
            more = {"matchConditions": [{"name": "no-stand-in", "expression": expression}]}
            webhooks = [
                {**each, **more, "clientConfig": _through(each["clientConfig"], port)} for each in obj.data["webhooks"]
            ]
            yield _with(obj, webhooks=webhooks)


def _routed(obj: Object, program: QueueProgram, port: int) -> Object:
    if obj.component != program.component:
        return obj
    spec = obj.data.get("spec") or {}
    if (obj.id.kind, obj.id.name) == ("Service", program.service):
        return _with(obj, spec={"type": "ExternalName", "externalName": _HERE})
    conversion = spec.get("conversion") or {}
    if webhook := conversion.get("webhook"):
        here = {**webhook, "clientConfig": _through(webhook["clientConfig"], port)}
        return _with(obj, spec={**spec, "conversion": {**conversion, "webhook": here}})
    return obj


def _through(client: Json, port: int) -> Json:
    return {**client, "service": {**client["service"], "port": port}}


def _with(obj: Object, **parts: Any) -> Object:
    return Object({**obj.data, **parts}, obj.component, obj.origins)
