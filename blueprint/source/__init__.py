"""Read documents into values that know where they stand; merge what a blueprint extends.

Names are loaded with their module when somebody asks for them: whoever only spells a field path needs no YAML.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blueprint.source.document import Document
    from blueprint.source.layers import Layered, load_layers
    from blueprint.source.loader import load_documents, load_text
    from blueprint.source.merge import Layer, Node, plain

__all__ = ["Document", "Layer", "Layered", "Node", "load_documents", "load_layers", "load_text", "plain"]

_HOMES = {
    "document": ("Document",),
    "layers": ("Layered", "load_layers"),
    "loader": ("load_documents", "load_text"),
    "merge": ("Layer", "Node", "plain"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
