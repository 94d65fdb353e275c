"""Compare the rendered objects with those of an upstream chart, leaf by leaf, against a list of known differences.

Both sides are first converted to the form that the API server stores, so that only relevant differences remain. A
difference is known if a rule in `parity-differences.yaml` covers it. A rule gives the number of leaves that it covers,
so that the list cannot grow unnoticed.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from blueprint.changes.compare import ABSENT, differences
from blueprint.source.paths import format_path
from blueprint.units import canonical_quantity
from tests.support.yaml_data import yaml_data

RULES = Path(__file__).parents[1] / "components" / "parity-differences.yaml"
VALUES = Path(__file__).parents[1] / "components" / "parity-values.yaml"
QUANTITY = r"[0-9.]+(m|[kMGTPE]i?)?"
KUBERNETES = "1.36.0"
"""The Kubernetes version for which charts are rendered."""


@dataclass(frozen=True)
class Leaf:
    """A leaf that differs: its object, its path, and both values."""

    subject: str
    path: str
    upstream: Any
    ours: Any


@dataclass(frozen=True)
class Rule:
    """Known differences: the objects (empty: all), the path and everything below it, the number, and the
    justification.
    """

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

    `renamed` maps upstream names to ours, wherever such a name is a value or a key. `KEY=VALUE` is the value of that
    key, `KIND/NAME` the name of one object. `left_out` are upstream objects that do not belong to this component.
    `added` are objects that only we have. `platform` is the name of the blueprint, where the chart has the name of the
    release. `spec` is merged into the blueprint that is closest to a chart without values. `unlabelled` are recommended
    labels that upstream omits on some or all objects. A case with `like` inherits all other fields from that case.
    `values` are those of a case whose chart is rendered during the test.
    """

    component: str
    reference: str
    renamed: Mapping[str, str]
    left_out: Mapping[str, str]
    added: Mapping[str, str]
    rules: tuple[Rule, ...]
    platform: str
    spec: Mapping[str, Any]
    values: Mapping[str, Any] | None = None
    unlabelled: frozenset[str] = frozenset()


def cases() -> list[Case]:
    """The committed comparisons."""
    loaded = [one for file in (RULES, VALUES) for one in yaml_data(file)]
    by_reference = {one["reference"]: one for one in loaded}
    return [_case(_whole(one, by_reference)) for one in loaded]


def _whole(one: Mapping[str, Any], by_reference: Mapping[str, Any]) -> Mapping[str, Any]:
    """The case with everything that it inherits from the case that it references."""
    if "like" not in one:
        return one
    like = _whole(by_reference[one["like"]], by_reference)
    rules = {(rule["path"], *rule.get("objects", ())): rule for rule in (*like["differences"], *one["differences"])}
    return {**merged(like, one), "differences": [*rules.values()]}


def _case(one: Mapping[str, Any]) -> Case:
    return Case(
        one["component"],
        one["reference"],
        one.get("renamed", {}),
        one.get("leftOut", {}),
        one.get("added", {}),
        tuple(
            Rule(frozenset(rule.get("objects", ())), rule["path"], rule["count"], rule["reason"])
            for rule in one["differences"]
        ),
        one.get("platform", "parity"),
        one.get("spec", {}),
        one.get("values"),
        frozenset(one.get("unlabelled", ())),
    )


def chart_of(case: Case) -> str:
    """The folder of the case's chart, from `values/CHART/NAME`."""
    return case.reference.split("/")[1]


def helm_template(case: Case, helm: str, charts: Path) -> str:
    """The output of the chart for the case's values, with the same names as in the references."""
    release, namespace = RELEASES[chart_of(case)]
    command = [helm, "template", release, str(charts / chart_of(case)), "--namespace", namespace]
    command += ["--kube-version", KUBERNETES, "--values", "-"]
    text = json.dumps(case.values)
    return subprocess.run(command, input=text, text=True, capture_output=True, check=True, timeout=60).stdout


RELEASES = {
    "gpu-operator": ("gpu-operator", "gpu-operator"),
    "node-feature-discovery": ("nfd", "node-feature-discovery"),
    "nvidia-device-plugin": ("nvdp", "nvidia-device-plugin"),
    "dcgm-exporter": ("dcgm-exporter", "monitoring"),
    "network-operator": ("network-operator", "nvidia-network-operator"),
}
"""The names and namespaces under which charts are rendered."""


def upstream_objects(text: str, case: Case) -> dict[str, Any]:
    """The chart's objects by `Kind/name`, without hooks, which Helm runs around an installation."""
    found = {}
    for manifest in YAML(typ="safe").load_all(text):
        if not manifest or "helm.sh/hook" in (manifest["metadata"].get("annotations") or {}):
            continue
        subject = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if subject not in case.left_out:
            renamed = _renamed(canonical(manifest), case.renamed)
            if subject in case.renamed:
                renamed["metadata"]["name"] = case.renamed[subject]
            found[f"{renamed['kind']}/{renamed['metadata']['name']}"] = renamed
    return found


def our_objects(
    manifests: Iterable[Mapping[str, Any]], case: Case, upstream: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The rendered objects, by `Kind/name`. CRDs are compared elsewhere."""
    named = {f"{one['kind']}/{one['metadata']['name']}": canonical(one) for one in manifests}
    for subject, one in named.items():
        there = (upstream or {}).get(subject, {}).get("metadata", {}).get("labels", {})
        for label in case.unlabelled - {*there}:
            one["metadata"].get("labels", {}).pop(label, None)
        if not one["metadata"].get("labels", True):
            del one["metadata"]["labels"]
    return {
        subject: one
        for subject, one in named.items()
        if subject not in case.added and one["kind"] != "CustomResourceDefinition"
    }


def differing(upstream: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Leaf]:
    """Every leaf that differs between the two sides, including complete objects."""
    for subject in sorted({*upstream, *ours}):
        old, new = upstream.get(subject, ABSENT), ours.get(subject, ABSENT)
        for path, was, now in differences(old, new):
            yield Leaf(subject, format_path(path, new if now is not ABSENT else old), was, now)


def canonical(value: Any, key: str = "") -> Any:
    """The value as the API server stores it: no nulls and empty values, with the defaults of list keys.

    Configuration files inside ConfigMaps are compared by content, without their formatting.
    """
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, Mapping):
        kept = {name: canonical(item, name) for name, item in value.items()}
        kept = {name: item for name, item in kept.items() if item not in (None, "", [], {})}
        kept = {
            name: item for name, item in kept.items() if item is not False or name not in ("hostNetwork", "hostPID")
        }
        return {**_defaults(kept, key), **kept}
    if key == "checksum/config":
        return "of the configuration"  # the digest is of the text that each side writes
    if key in COUNTERS and isinstance(value, str):
        return _counters(value)
    if isinstance(value, str) and re.fullmatch(r"(\w+=(true|false),)+", value):
        return value.rstrip(",")  # in feature gates an empty entry at the end has no meaning
    if key in ("cpu", "memory") and isinstance(value, str) and re.fullmatch(QUANTITY, value):
        return canonical_quantity(value)
    if (key, value) == ("defaultMode", 664):
        return 0o664  # Helm reads YAML 1.1, where a leading zero makes a number octal
    if isinstance(value, str) and value.startswith("version: v1"):
        return canonical(_without_defaults(YAML(typ="safe").load(value)))
    is_file = key.endswith((".conf", "web-config.yaml", "manager_config.yaml"))
    return canonical(YAML(typ="safe").load(value)) if is_file else value


PLUGIN_DEFAULTS = {
    ("flags", "migStrategy"): "none",
    ("sharing", "mps", "renameByDefault"): False,
    ("sharing", "mps", "failRequestsGreaterThanOne"): True,
    ("sharing", "timeSlicing", "renameByDefault"): False,
    ("sharing", "timeSlicing", "failRequestsGreaterThanOne"): False,
}
"""The defaults of the device plugin v0.20.0 for settings that are missing in its configuration."""


def _without_defaults(config: Any) -> Any:
    """A configuration of the device plugin without the plugin's defaults."""
    for (*above, last), default in PLUGIN_DEFAULTS.items():
        inside = config
        for key in above:
            inside = inside.get(key) or {}
        if last in inside and inside[last] == default:
            del inside[last]
    return config


COUNTERS = ("metrics", "dcgm-metrics.csv")
"""Keys of ConfigMaps that contain the exporter's list of metrics."""


def _counters(text: str) -> dict[str, str]:
    """Field to metric type. The third column is a description in our own words, and is not compared."""
    rows = (line.split(",") for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))
    return {field.strip(): kind.strip() for field, kind, *_ in rows}


def _defaults(value: Mapping[str, Any], key: str) -> dict[str, str]:
    if key == "fieldRef":
        return {"apiVersion": "v1"}
    return {"protocol": "TCP"} if "containerPort" in value else {}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, Mapping):
        return {names.get(key, key): names.get(f"{key}={item}") or _renamed(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def leaves(value: Any) -> int:
    """The number of leaves of a value; 0 if it is missing."""
    if value is ABSENT:
        return 0
    if isinstance(value, list | Mapping):
        return sum(leaves(item) for item in (value.values() if isinstance(value, Mapping) else value))
    return 1


def share(found: Iterable[Leaf], upstream: Mapping[str, Any]) -> float:
    """The differing leaves as a percentage of upstream's. If a whole subtree differs, all of its leaves count.

    The recommended labels of an object that has no labels upstream count as one difference: they are always the same
    five.
    """
    return 100 * sum(map(_weight, found)) / leaves(list(upstream.values()))


def _weight(leaf: Leaf) -> int:
    if leaf.path == "metadata.labels" and leaf.upstream is ABSENT:
        return 1
    return max(leaves(leaf.upstream), leaves(leaf.ours))


def merged(base: Any, over: Any) -> Any:
    """Merge two documents: maps are merged key by key, and null removes a key."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    whole = {key: merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return {key: value for key, value in whole.items() if value is not None}
