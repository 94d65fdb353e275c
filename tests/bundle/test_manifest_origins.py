"""Origins of users' manifests are stored as numbers, which makes no difference to what is read or written."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from blueprint.bundle.manifest_origins import ManifestOrigins
from blueprint.bundle.model import USERS, FieldOrigin, Object
from blueprint.bundle.origin_codec import OriginEncoder
from blueprint.diagnostics import Span
from blueprint.pipeline import compile_blueprint
from blueprint.platform.tracking.sources import Source
from blueprint.render.extra import extra_objects
from blueprint.source.document import Document, walk
from blueprint.source.files import MemoryFiles
from blueprint.source.loader import load_documents
from blueprint.source.paths import Path, format_path
from tests.support.synthetic_blueprints import HEAD, deployment

NAMED = Source("blueprint", Span("b.yaml", 9, 3, 9, 12), "spec.extraManifests[0]")
TEMPLATE = FieldOrigin(Span("t.yaml", 1, 1, 1, 2), (NAMED,))
TEXTS = {
    "a collection under the first key": "metadata:\n  name: a\napiVersion: v1\nkind: ConfigMap\n",
    "lists of maps and of lists": "kind: A\nitems:\n- first:\n    - [1, [2, {}]]\n    - {}\n- last: |\n    text\n\n",
    "an alias": "kind: A\none: &one {x: [1, 2]}\ntwo: *one\nthree: [*one, *one]\n",
    "no value": "kind: A\nempty:\nlist:\n-\n- x\n",
    "several": deployment(["main", "proxy"]).format(number=1) + "---\n" + deployment(["main"]).format(number=2),
}


def by_path(document: Document) -> dict[Path, FieldOrigin]:
    """The origin of each field, found from the root of the document."""
    found = {}
    for path, value in walk(document.data):
        collection = isinstance(value, dict | list)
        span = document.key_span(path).head if collection else document.span(path)
        found[path] = FieldOrigin(span, (Source("manifest", span, format_path(path)), NAMED))
    return found


def compact(document: Document) -> ManifestOrigins:
    return ManifestOrigins(document.file, NAMED, document.places())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_field_has_the_origin_that_it_has_in_the_document(text: str) -> None:
    for document in load_documents(text, "m.yaml"):
        assert dict(compact(document)) == by_path(document)
        assert [*compact(document)] == [*by_path(document)]


@pytest.mark.parametrize("shared", [(), ("m.yaml",)])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_they_are_written_as_any_origins_are(text: str, shared: tuple[str, ...]) -> None:
    documents = load_documents(text, "m.yaml")
    rendered = Object({}, "c", {(): TEMPLATE, ("a",): FieldOrigin(Span("t.yaml", 2, 1, 2, 2), (NAMED,))})

    def written(origins: list[Any]) -> Any:
        encoder = OriginEncoder()
        objects = [rendered, *(Object({}, USERS, each) for each in origins), rendered]
        return [encoder.places(each, shared) for each in objects], encoder.tables()

    assert written([*map(compact, documents)]) == written([*map(by_path, documents)])


def test_what_a_secret_has_as_text_keeps_its_line() -> None:
    texts = {
        "b.yaml": f"{HEAD}  extraManifests: [m.yaml]\n",
        "m.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  one: '1'\ndata:\n  two: Mg==\n",
    }
    [obj], _ = extra_objects(compile_blueprint("b.yaml", files=MemoryFiles(texts)).layered)
    lines = {path[-1]: origin.template.line for path, origin in obj.origins.items() if path[:1] == ("data",)}
    assert lines == {"data": 6, "one": 5, "two": 7}


def test_ten_thousand_objects_of_a_kind_have_few_bytes_for_each_field() -> None:
    [document] = load_documents(deployment(["main", "proxy", "logs"]).format(number=1), "m.yaml")
    compact(document)  # shared by the objects of one kind
    tracemalloc.start()
    several = [compact(document) for _ in range(100)]
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / sum(map(len, several)) < 40
