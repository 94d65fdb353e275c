"""The configuration of Kueue's manager, stored as text in a ConfigMap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Refused
from blueprint.source.loader import load_text

KEY = "controller_manager_config.yaml"
_API = "config.kueue.x-k8s.io/"


def configuration_of(subject: Object) -> Mapping[Any, Any] | None:
    """The configuration in a ConfigMap; None if it has none, or one that cannot be parsed."""
    text = mapping(subject.data.get("data")).get(KEY)
    if not isinstance(text, str) or _API not in text:
        return None
    try:
        data = load_text(text, KEY).data
    except Refused:
        return None
    found = mapping(data)
    return found if str(found.get("apiVersion")).startswith(_API) else None


def configuration(context: RuleContext) -> Mapping[Any, Any]:
    """The configuration among the objects; empty if there is none, which means the defaults."""
    return context.once(_first)


def _first(context: RuleContext) -> Mapping[Any, Any]:
    found = (configuration_of(each) for each in context.objects_of_kind("ConfigMap"))
    return next((each for each in found if each is not None), {})
