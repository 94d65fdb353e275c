"""Compare what we render with what an upstream chart renders, leaf by leaf, against a list of known differences.

Both sides are first brought into the form that the API server keeps, so that only what matters is compared. A
difference is known when a rule in `parity-differences.yaml` covers it; a rule says how many leaves it covers, so the
list can shrink but not grow unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from blueprint.render.compare import ABSENT, differences
from blueprint.source.paths import format_path

RULES = Path(__file__).with_name("parity-differences.yaml")


@dataclass(frozen=True)
class Leaf:
    """One leaf that differs: in which object, where, and both values."""

    subject: str
    path: str
    upstream: Any
    ours: Any


@dataclass(frozen=True)
class Rule:
    """Known differences: which objects (empty: all), at or under which path, how many, and why they are right."""

    objects: frozenset[str]
    path: str
    count: int
    reason: str

    def covers(self, leaf: Leaf) -> bool:
        """Whether the leaf is one of these differences."""
        here = leaf.path == self.path or leaf.path.startswith((f"{self.path}.", f"{self.path}["))
        return here and (not self.objects or leaf.subject in self.objects)


@dataclass(frozen=True)
class Case:
    """One comparison: a component against one output of its chart.

    `renamed` maps upstream's names to ours wherever such a name is a value or a key. `left_out` are upstream objects
    that are not this component's. `added` are objects that only we have. `gpu` is what the blueprint says of the
    pool's GPUs and `settings` of the component; a case that is `like` another one has everything else from that.
    """

    component: str
    reference: str
    renamed: Mapping[str, str]
    left_out: Mapping[str, str]
    added: Mapping[str, str]
    rules: tuple[Rule, ...]
    gpu: str = ""
    settings: str = ""


def cases() -> list[Case]:
    """The committed comparisons."""
    loaded = YAML(typ="safe").load(RULES.read_text("utf-8"))
    by_reference = {one["reference"]: one for one in loaded}
    return [_case(one, by_reference.get(one.get("like"), {})) for one in loaded]


def _case(one: Mapping[str, Any], like: Mapping[str, Any]) -> Case:
    rules = {(rule["path"], *rule.get("objects", ())): rule for rule in like.get("differences", ())}
    rules |= {(rule["path"], *rule.get("objects", ())): rule for rule in one["differences"]}
    return Case(
        one["component"],
        one["reference"],
        {**like.get("renamed", {}), **one.get("renamed", {})},
        {**like.get("leftOut", {}), **one.get("leftOut", {})},
        {**like.get("added", {}), **one.get("added", {})},
        tuple(
            Rule(frozenset(rule.get("objects", ())), rule["path"], rule["count"], rule["reason"])
            for rule in rules.values()
        ),
        one.get("gpu", ""),
        one.get("settings", ""),
    )


def upstream_objects(file: Path, case: Case) -> dict[str, Any]:
    """The chart's objects by `Kind/name`, without hooks: Helm runs those around an installation, we do not."""
    found = {}
    for manifest in YAML(typ="safe").load_all(file.read_text("utf-8")):
        if not manifest or "helm.sh/hook" in (manifest["metadata"].get("annotations") or {}):
            continue
        subject = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if subject not in case.left_out:
            renamed = _renamed(canonical(manifest), case.renamed)
            found[f"{renamed['kind']}/{renamed['metadata']['name']}"] = renamed
    return found


def our_objects(manifests: Iterable[Mapping[str, Any]], case: Case) -> dict[str, Any]:
    """What we render, by `Kind/name`; definitions of custom resources are compared elsewhere."""
    named = {f"{one['kind']}/{one['metadata']['name']}": canonical(one) for one in manifests}
    return {
        subject: one
        for subject, one in named.items()
        if subject not in case.added and one["kind"] != "CustomResourceDefinition"
    }


def differing(upstream: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Leaf]:
    """Every leaf that one side has otherwise than the other, whole objects included."""
    for subject in sorted({*upstream, *ours}):
        old, new = upstream.get(subject, ABSENT), ours.get(subject, ABSENT)
        for path, was, now in differences(old, new):
            yield Leaf(subject, format_path(path, new if now is not ABSENT else old), was, now)


def canonical(value: Any, key: str = "") -> Any:
    """The value as the API server keeps it: no nulls and empties, defaults of list keys written out.

    Configuration files inside ConfigMaps are compared by what they mean, not by how they are indented.
    """
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, Mapping):
        kept = {name: canonical(item, name) for name, item in value.items()}
        kept = {name: item for name, item in kept.items() if item not in (None, "", [], {})}
        return {**_defaults(kept, key), **kept}
    is_file = key.endswith(".conf") or (isinstance(value, str) and value.startswith("version: v1"))
    return canonical(YAML(typ="safe").load(value)) if is_file else value


def _defaults(value: Mapping[str, Any], key: str) -> dict[str, str]:
    if key == "fieldRef":
        return {"apiVersion": "v1"}
    return {"protocol": "TCP"} if "containerPort" in value else {}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value
