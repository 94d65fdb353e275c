"""Origins survive writing and reading; tables that no encoder writes are rejected."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from blueprint.bundle.model import FieldOrigin, Object
from blueprint.bundle.origin_codec import DecodedSets, OriginDecoder, OriginEncoder
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source, SourceGroup

LINES = tuple(Source("blueprint", Span("b.yaml", line, 1, line, 9), f"spec.line{line}") for line in range(1, 6))
INNER = SourceGroup(LINES[:2])
OUTER = SourceGroup((INNER, LINES[2]))
TEMPLATE = Span("t.yaml", 1, 1, 1, 2)
DATA = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "items": [{"a/b": 1}]}
ORIGINS = {
    (): FieldOrigin(TEMPLATE),
    ("metadata", "name"): FieldOrigin(TEMPLATE, (LINES[0], OUTER)),
    ("items", 0, "a/b"): FieldOrigin(Span("t.yaml", 2, 1, 2, 2), (LINES[3], OUTER, INNER)),
}


def decoder(tables: dict[str, list[Any]]) -> OriginDecoder:
    """A decoder of tables that went through JSON."""
    stored = orjson.loads(orjson.dumps(tables))
    return OriginDecoder(lambda table, number: stored[table][number])


def test_what_is_encoded_is_decoded() -> None:
    encoder = OriginEncoder()
    places = orjson.loads(orjson.dumps(encoder.places(Object(DATA, "c", ORIGINS))))
    numbers = encoder.numbers({"taints": (OUTER,), "nodes": LINES[3:]})
    decoded = decoder(encoder.tables())
    assert decoded.origins(places, DATA) == ORIGINS
    assert dict(DecodedSets(decoded, numbers)) == {"taints": (OUTER,), "nodes": LINES[3:]}


def test_files_get_the_names_that_they_are_written_under() -> None:
    encoder = OriginEncoder()
    encoder.places(Object(DATA, "c", ORIGINS))
    tables = encoder.tables(lambda name: f"x/{name}")
    assert {row[1] for row in tables["sources"]} == {"x/b.yaml"}
    assert {row[0] for row in tables["templates"]} == {"x/t.yaml"}


def test_each_source_and_each_set_is_written_once() -> None:
    encoder = OriginEncoder()
    objects = [Object(DATA, "c", ORIGINS) for _ in range(3)]
    assert len({orjson.dumps(encoder.places(each)) for each in objects}) == 1
    tables = encoder.tables()
    assert (len(tables["sources"]), len(tables["sets"]), len(tables["templates"])) == (4, 5, 2)


@pytest.mark.parametrize(
    "tables",
    [
        {"templates": [], "sources": [], "sets": []},
        {"templates": [["t", 1, 1, 1]], "sources": [], "sets": [[]]},
        {"templates": [["t", 1, 1, 1, 1]], "sources": [], "sets": [[0]]},
        {"templates": [["t", 1, 1, 1, 1]], "sources": [], "sets": [[-1]]},
        {"templates": [["t", 1, 1, 1, 1]], "sources": [], "sets": [[-2], []]},
        {"templates": [["t", 1, 1, 1, 1]], "sources": [["blueprint", "b"]], "sets": [[0]]},
        {"templates": [["t", 1, 1, 1, 1]], "sources": [], "sets": [["a"]]},
    ],
)
def test_tables_that_no_encoder_makes_are_refused(tables: dict[str, list[Any]]) -> None:
    with pytest.raises((ValueError, KeyError, IndexError, TypeError)):
        decoder(tables).origin((0, 0))
