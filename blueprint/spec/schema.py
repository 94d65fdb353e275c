"""The JSON Schema of the blueprint, generated from the models."""

from __future__ import annotations

from typing import Any

from blueprint.spec.model import API_VERSION, Blueprint


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 for editors and other validators, with descriptions; overlays use it too, unrequired."""
    schema = Blueprint.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://{API_VERSION}/blueprint.json",
        **schema,
    }
