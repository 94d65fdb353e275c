"""The blueprint's language: strict models, what is wrong with a document, the JSON Schema."""

from blueprint.spec.components import Patch
from blueprint.spec.model import Blueprint
from blueprint.spec.parse import parse_blueprint
from blueprint.spec.pools import NodePool
from blueprint.spec.schema import json_schema

__all__ = ["Blueprint", "NodePool", "Patch", "json_schema", "parse_blueprint"]
