"""The blueprint's language: strict models, what is wrong with a document, the JSON Schema."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blueprint.spec.components import Patch
    from blueprint.spec.model import Blueprint
    from blueprint.spec.parse import parse_blueprint
    from blueprint.spec.pools import NodePool
    from blueprint.spec.schema import json_schema

__all__ = ["Blueprint", "NodePool", "Patch", "json_schema", "parse_blueprint"]

_HOMES = {
    "Blueprint": "model",
    "NodePool": "pools",
    "Patch": "components",
    "json_schema": "schema",
    "parse_blueprint": "parse",
}


def __getattr__(name: str) -> Any:
    """Found when it is asked for: who only reads quantities does not load the models."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
