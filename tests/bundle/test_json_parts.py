"""The file is ordinary JSON, every part of it can be read alone, and reading one does not read the others."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.bundle import json_parts, provenance
from blueprint.bundle.json_parts import JsonParts, json_in_parts
from blueprint.bundle.output import write_bundle
from blueprint.bundle.reader import read_bundle
from blueprint.pipeline import compile_blueprint

NAMES = st.sampled_from(["a", "index", "rows", 'quoted " name', "línea\n2", '\n"index":', "\n]", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TABLE = st.lists(JSON, max_size=json_parts.PAGE * 2 + 3)


@given(value=JSON, table=TABLE, mapping=st.dictionaries(NAMES, JSON, max_size=5))
def test_every_part_is_what_was_written(value: Any, table: list[Any], mapping: dict[str, Any]) -> None:
    written = json_in_parts({"value": value}, {"mapping": mapping.items()}, {"table": table})
    whole = json.loads(written)
    assert whole.pop("index").keys() == {"table", "mapping"}
    assert whole.pop("table") == [table[i : i + json_parts.PAGE] for i in range(0, len(table), json_parts.PAGE)]
    assert whole == {"value": value, "mapping": mapping}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "parts.json"
        file.write_bytes(written)
        parts = JsonParts(file)
        assert parts.value("value") == value
        assert [parts.row("table", number) for number in range(len(table))] == table
        assert {key: parts.entry("mapping", key) for key in parts.keys("mapping")} == mapping
        with pytest.raises(IndexError):
            parts.row("table", len(table) + json_parts.PAGE)
        with pytest.raises(KeyError):
            parts.entry("mapping", "not there")


def test_one_origin_of_many_objects_reads_a_few_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted, not timed: it must not grow with the rest of the bundle."""
    monkeypatch.chdir(tmp_path)
    work = {count: parts_read(tmp_path, count, monkeypatch) for count in (3, 300)}
    assert work[300] <= work[3] + 1


def parts_read(folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many parts are read to find the origin of one field of the last object, with that many objects."""
    maps = "---\n".join(
        "apiVersion: v1\nkind: ConfigMap\n"
        f"metadata: {{name: m{number:04}, namespace: maps}}\ndata: {{key: '{number}'}}\n"
        for number in range(count)
    )
    (folder / "maps.yaml").write_text(maps)
    (folder / "blueprint.yaml").write_text(
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: many}\nspec:\n"
        '  release: "2026.11"\n  cluster: {kubernetes: "1.36"}\n'
        "  nodePools: {none: {nodes: {min: 0, max: 0}, selector: {pool: none}}}\n"
        "  components: {nfd: {ownership: absent}, gpu-operator: {ownership: absent}}\n"
        "  extraManifests: [maps.yaml]\n"
    )
    compilation = compile_blueprint("blueprint.yaml")
    assert compilation.files
    write_bundle(compilation.files, folder / f"bundle-{count}")
    read: list[int] = []
    part = JsonParts._part
    monkeypatch.setattr(provenance.JsonParts, "_part", lambda self, place: read.append(1) or part(self, place))
    bundle = read_bundle(folder / f"bundle-{count}")
    origin = bundle.objects[-1].origin(("data", "key"))
    assert origin is not None
    assert (origin.sources[0].span.file, origin.sources[0].span.line) == ("maps.yaml", 5 * count - 1)
    return len(read)
