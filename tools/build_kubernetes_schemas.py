"""Build schemas/kubernetes/<minor>.json from the maintained package kubernetes-validate (a dev dependency).

python tools/build_kubernetes_schemas.py [FOLDER]

Kept: names, types, formats, required fields and list keys of everything that a manifest may contain. Dropped:
descriptions, server-set fields (`status`, most of ObjectMeta), request kinds, `null` as a value (it means nothing in a
manifest). Added: the facts in kubernetes_facts.yaml. One definition per line.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

MINORS = tuple(f"1.{minor}" for minor in range(30, 38))
HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "schemas" / "kubernetes"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
SERVER_SET = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
KEPT = (
    "$ref",
    "type",
    "format",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
)
SPECIAL: dict[str, Any] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"], "format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"], "format": "int-or-string"},
}
REF = "#/$defs/"

Json = dict[str, Any]


def build(minor: str) -> Json:
    """The bundle for one minor version: `kubernetes`, `source`, `kinds`, `values`, `definitions`."""
    facts = yaml.safe_load((HERE / "kubernetes_facts.yaml").read_text("utf-8"))
    upstream = _upstream(minor)
    kinds = dict(_kinds(upstream, facts))
    definitions = {name: SPECIAL.get(name) or _prune(schema) for name, schema in upstream.items()}
    for name in (entry["definition"] for versions in kinds.values() for entry in versions.values()):
        definitions[name]["properties"].pop("status", None)
    for field in SERVER_SET:
        definitions[META]["properties"].pop(field)
    _mark(definitions, facts["markers"])
    roots = [entry["definition"] for versions in kinds.values() for entry in versions.values()] + facts["also"]
    reachable = _reachable(definitions, roots)
    values = {_full(name): value for name, value in facts["values"].items()}
    return {
        "kubernetes": minor,
        "source": f"kubernetes-validate {importlib.metadata.version('kubernetes-validate')}, "
        f"v{minor}.0-local-strict; tools/kubernetes_facts.yaml",
        "licence": "Apache-2.0",
        "kinds": kinds,
        "values": {name: values[name] for name in sorted(values) if name in reachable},
        "definitions": {name: definitions[name] for name in sorted(reachable)},
    }


def render(bundle: Json) -> str:
    """The bundle as text: one definition or group version per line, so that diffs are readable."""
    parts = [f"{json.dumps(key)}: {json.dumps(bundle[key])}" for key in ("kubernetes", "source", "licence")]
    for section in ("kinds", "values", "definitions"):
        lines = ",\n".join(
            f" {json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
            for name, value in bundle[section].items()
        )
        parts.append(f"{json.dumps(section)}: {{\n{lines}\n}}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _upstream(minor: str) -> dict[str, Json]:
    folder = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    path = folder / f"v{minor}.0-local-strict" / "_definitions.json"
    definitions: dict[str, Json] = json.loads(path.read_text("utf-8"))["$defs"]
    return definitions


def _full(name: str) -> str:
    return name if name.startswith("io.k8s.") else f"io.k8s.api.{name}"


def _kinds(definitions: dict[str, Json], facts: Json) -> Iterator[tuple[str, Json]]:
    found: dict[str, Json] = {}
    for name, schema in definitions.items():
        for entry in schema.get("x-kubernetes-group-version-kind", ()):
            kind = entry["kind"]
            if kind in facts["left_out"] or (kind.endswith("List") and "metadata" in schema["properties"]):
                continue
            version = "/".join(part for part in (entry["group"], entry["version"]) if part)
            found.setdefault(version, {})[kind] = {
                "definition": name,
                "namespaced": kind not in facts["cluster_scoped"],
            }
    for version in sorted(found):
        yield version, dict(sorted(found[version].items()))


def _prune(schema: Any) -> Any:
    if isinstance(schema, bool):
        return schema
    kept = {key: schema[key] for key in KEPT if key in schema}
    if isinstance(kind := kept.get("type"), list):
        kept["type"] = next(name for name in kind if name != "null")
    for key in ("items", "additionalProperties"):
        if key in kept:
            kept[key] = _prune(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: _prune(value) for name, value in sorted(kept["properties"].items())}
    return kept


def _mark(definitions: dict[str, Json], markers: Json) -> None:
    for name, fields in markers.items():
        if definition := definitions.get(_full(name)):
            for field, facts in fields.items():
                definition["properties"][field].update(facts)


def _reachable(definitions: dict[str, Json], roots: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _references(definitions[name])
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(target := schema.get("$ref"), str):
            yield target.removeprefix(REF)
        for value in schema.values():
            yield from _references(value)


def main(arguments: list[str]) -> None:
    """Write one file per minor version."""
    folder = Path(arguments[0]) if arguments else TARGET
    folder.mkdir(parents=True, exist_ok=True)
    for minor in MINORS:
        text = render(build(minor))
        (folder / f"{minor}.json").write_text(text, "utf-8")
        print(f"{folder / minor}.json: {len(text):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
