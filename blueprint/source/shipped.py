"""Documents that ship with the package, parsed once and then read from a cache."""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from blueprint.data import is_shipped, shown
from blueprint.diagnostics import model
from blueprint.disk_cache import DiskCache
from blueprint.source import document, events, loader, scalars
from blueprint.source.document import Document
from blueprint.source.loader import load_documents, only_document

T = TypeVar("T")

PARSED = DiskCache("shipped-documents", __file__, *(str(each.__file__) for each in (document, events, loader, scalars)))


def shipped_documents(file: Path, content: bytes | None = None) -> list[Document]:
    """All documents of a file. Raises Refused with all errors. Only shipped files are cached.

    `content` is the content of the file, if the caller has already read it.
    """
    name, content = shown(file), file.read_bytes() if content is None else content
    text = content.decode()
    if not is_shipped(file):
        return load_documents(text, name)
    cached = PARSED.get(name, content)
    if cached is None:
        documents = load_documents(text, name)
        PARSED.put(name, content, [(each.data, marshal.dumps(each.plain_marks())) for each in documents])
        return documents
    return [Document(name, text, data, partial(marshal.loads, marks)) for data, marks in cached]


def shipped_document(file: Path) -> Document:
    """The single document of a file, which may be empty."""
    documents = shipped_documents(file)
    return only_document(documents, file.read_text("utf-8") if not documents else documents[0].text, shown(file))


class ShippedResults:
    """A cache for objects that are made from shipped files, such as templates and records of the catalogue.

    Args:
        name: The name of the cache's file.
        makers: The source files of the code that makes the objects, and of their classes.
    """

    def __init__(self, name: str, *makers: str) -> None:
        self._cache = DiskCache(name, __file__, document.__file__, model.__file__, *makers)

    def get(self, key: str, content: bytes, make: Callable[[], T], is_ours: Callable[[], bool]) -> T:
        """What `make` returns. It is only called if nothing is cached for that key and content.

        `is_ours` returns whether the content ships with the tool: only then is the result cached. What was pickled with
        other classes, because one has changed or moved, is made again.
        """
        cached = self._cache.get(key, content)
        if cached is not None:
            with suppress(AttributeError, ImportError, TypeError, ValueError, pickle.UnpicklingError):
                return cast("T", pickle.loads(cached))  # noqa: S301 - as trusted as the byte code that it lies beside
        made = make()
        if is_ours():
            self._cache.put(key, content, pickle.dumps(made))
        return made
