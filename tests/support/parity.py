"""Compare what we render with what an upstream chart renders, leaf by leaf, against a list of known differences.

Both sides are first brought into the form that the API server keeps, so that only what matters is compared. A
difference is known when a rule in `parity-differences.yaml` covers it; a rule says how many leaves it covers, so the
list can shrink but not grow unseen.
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
"""For which version charts are rendered."""


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

    `renamed` maps upstream's names to ours wherever such a name is a value or a key; `KEY=VALUE` is that key's value,
    `KIND/NAME` one object's name.
    `left_out` are upstream objects that are not this component's. `added` are objects that only we have. `platform` is
    the blueprint's name, where the chart has the release's; `spec` is merged into the blueprint that comes nearest to a
    chart without values. `unlabelled` are recommended labels that upstream has on no object, or not on all. A case that
    is `like` another one has everything else from that. `values` are those of a case whose chart is rendered on the
    spot.
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
    """The case with everything that it takes over from the one that it is like."""
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
    """The folder of the case's chart: `values/CHART/NAME` names it."""
    return case.reference.split("/")[1]


def helm_template(case: Case, helm: str, charts: Path) -> str:
    """What the chart renders with the case's values, under the names that the references have too."""
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
    """The chart's objects by `Kind/name`, without hooks: Helm runs those around an installation, we do not."""
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
    """What we render, by `Kind/name`; definitions of custom resources are compared elsewhere."""
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
        kept = {
            name: item for name, item in kept.items() if item is not False or name not in ("hostNetwork", "hostPID")
        }
        return {**_defaults(kept, key), **kept}
    if key == "checksum/config":
        return "of the configuration"  # each side digests the text that it writes
    if key in COUNTERS and isinstance(value, str):
        return _counters(value)
    if isinstance(value, str) and re.fullmatch(r"(\w+=(true|false),)+", value):
        return value.rstrip(",")  # feature gates, where an empty one at the end means nothing
    if key in ("cpu", "memory") and isinstance(value, str) and re.fullmatch(QUANTITY, value):
        return canonical_quantity(value)
    if (key, value) == ("defaultMode", 664):
        return 0o664  # Helm reads YAML 1.1, where a zero in front makes a number octal
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
"""What the device plugin v0.20.0 does where its configuration says nothing of it."""


def _without_defaults(config: Any) -> Any:
    """A configuration of the device plugin, without what is the plugin's default anyway."""
    for (*above, last), default in PLUGIN_DEFAULTS.items():
        inside = config
        for key in above:
            inside = inside.get(key) or {}
        if last in inside and inside[last] == default:
            del inside[last]
    return config


COUNTERS = ("metrics", "dcgm-metrics.csv")
"""Keys of ConfigMaps under which the exporter finds what to export."""


def _counters(text: str) -> dict[str, str]:
    """Field to type: the third column is prose, and ours is in our own words."""
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
    """How many leaves a value has; what is not there has none."""
    if value is ABSENT:
        return 0
    if isinstance(value, list | Mapping):
        return sum(leaves(item) for item in (value.values() if isinstance(value, Mapping) else value))
    return 1


def share(found: Iterable[Leaf], upstream: Mapping[str, Any]) -> float:
    """The differing leaves in percent of upstream's; where all below a place differs, all of its leaves count.

    Labels of an object that has none upstream are the recommended ones, always the same five: one difference.
    """
    return 100 * sum(map(_weight, found)) / leaves(list(upstream.values()))


def _weight(leaf: Leaf) -> int:
    if leaf.path == "metadata.labels" and leaf.upstream is ABSENT:
        return 1
    return max(leaves(leaf.upstream), leaves(leaf.ours))


def merged(base: Any, over: Any) -> Any:
    """Two documents, maps merged key by key; null removes."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    whole = {key: merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return {key: value for key, value in whole.items() if value is not None}
