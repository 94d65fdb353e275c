"""Read documents into values that know where they stand; merge what a blueprint extends."""

from blueprint.source.document import Document
from blueprint.source.loader import load_documents, load_text

__all__ = ["Document", "load_documents", "load_text"]
