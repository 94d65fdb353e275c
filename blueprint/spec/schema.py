"""The JSON Schema of the blueprint: generated from the models for the current version, stored for earlier ones."""

import json
from typing import Any

from blueprint.data import data_folder
from blueprint.spec.model import API_VERSION, Blueprint


def json_schema(version: str = API_VERSION) -> dict[str, Any]:
    """JSON Schema 2020-12 for editors and other validators, with descriptions; overlays use it too, without required
    fields.
    """
    if version != API_VERSION:
        file = data_folder("schemas") / f"blueprint.{version.rpartition('/')[2]}.json"
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found
    schema = Blueprint.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://{API_VERSION}/blueprint.json",
        **schema,
    }
