"""Read documents into values that know where they stand; merge what a blueprint extends."""

from blueprint.source.document import Document
from blueprint.source.layers import Layered, load_layers
from blueprint.source.loader import load_documents, load_text
from blueprint.source.merge import Layer, Node, plain

__all__ = ["Document", "Layer", "Layered", "Node", "load_documents", "load_layers", "load_text", "plain"]
