"""All kinds that can be checked: Kubernetes' own kinds and custom resources, and why others cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from itertools import chain, islice
from typing import Any

import orjson

from blueprint.check import cel_values, codes, custom, schema_walk, strict, validation_rules
from blueprint.check.custom import strict_custom
from blueprint.check.finding import ObjectFinding
from blueprint.check.schema_walk import WalkPlan, compile_plan
from blueprint.check.strict import strict_kind
from blueprint.check.validation_rules import RuleNode, collect_rules
from blueprint.check.validator import Validate, compile_schema
from blueprint.diagnostics import nearest
from blueprint.kubernetes import structural
from blueprint.kubernetes.api import BuiltInKind, Schema, known_minors, load_kubernetes, modified
from blueprint.kubernetes.crd_defaults import with_defaults
from blueprint.kubernetes.crds import checked_crds_of, crds_of
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.shipped import ShippedResults
from blueprint.wording import joined

_OF_OPERATORS = {
    "ClusterQueue": "kueue.x-k8s.io/v1beta2",
    "EC2NodeClass": "karpenter.k8s.aws/v1",
    "JobSet": "jobset.x-k8s.io/v1alpha2",
    "LocalQueue": "kueue.x-k8s.io/v1beta2",
    "NodePool": "karpenter.sh/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
    "ResourceFlavor": "kueue.x-k8s.io/v1beta2",
    "ServiceMonitor": "monitoring.coreos.com/v1",
}
"""Kinds that guides use with a Kubernetes API version, and their actual version."""
_MOST_VARIANTS = 4
_CUSTOM = ShippedResults(
    "custom-kinds",
    *(str(module.__file__) for module in (cel_values, custom, schema_walk, strict, structural, validation_rules)),
    __file__,
)
"""Schemas, plans and rules of the catalogue's CRDs: deriving them takes a fifth of validating a small bundle."""
_OPEN = orjson.dumps({"schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}})
_UNSTABLE = lazy_pattern(r"v\d+(alpha|beta)\d+")


class CheckedKind(Record):
    """How objects of one kind are checked."""

    namespaced: bool
    schema: Schema
    validate: Validate
    plan: WalkPlan | None
    rules: RuleNode | None = None


class KindRegistry:
    """The kinds of one Kubernetes minor version and of some CRDs; each is compiled on first use."""

    def __init__(self, minor: str, crds: Iterable[Mapping[str, Any]] = (), engine: str | None = None) -> None:
        self._kubernetes = load_kubernetes(minor)
        self._given: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for crd in filter(is_readable, crds):
            self._given.setdefault((crd["spec"]["group"], crd["spec"]["names"]["kind"]), []).append(crd)
        self._engine = engine
        self._compiled: dict[tuple[str, str], tuple[CheckedKind | ObjectFinding, ...]] = {}

    @property
    def minor(self) -> str:
        """The Kubernetes minor version to check against."""
        return self._kubernetes.minor

    def find(self, api_version: str, kind: str) -> CheckedKind | ObjectFinding:
        """The kind, or the finding if it cannot be checked."""
        return self.variants(api_version, kind)[0]

    def variants(self, api_version: str, kind: str) -> tuple[CheckedKind | ObjectFinding, ...]:
        """The kind according to each CRD in the input that serves it, because a folder may hold those of several
        releases. At least one, at most four.
        """
        key = (api_version, kind)
        if key not in self._compiled:
            self._compiled[key] = self._compile(api_version, kind)
        return self._compiled[key]

    def of_metadata(self) -> CheckedKind:
        """A custom resource of which only the metadata is checked."""
        return _custom(_OPEN, self._kubernetes.minor, self._engine, True)  # noqa: FBT003 - cached

    def on_by_default(self, api_version: str) -> bool:
        """Whether an API server with default settings serves this version of a built-in API."""
        built_in = api_version in self._kubernetes.kinds
        return not (built_in and _UNSTABLE.fullmatch(api_version.rpartition("/")[2]))

    def _compile(self, api_version: str, kind: str) -> tuple[CheckedKind | ObjectFinding, ...]:
        if found := self._kubernetes.find(api_version, kind):
            return (_built_in(self._kubernetes.minor, found, self._engine),)
        group, _, version = api_version.rpartition("/")
        crds = self._crds(group, kind)
        if not crds:
            return (self._unknown(api_version, kind),)
        served = {v["name"] for crd in crds for v in crd["spec"]["versions"] if v.get("served")}
        if version not in served:
            others = f", but {joined(sorted(f'{group}/{name}' for name in served), 'or')} is" if served else ""
            text = f"{kind} {api_version} is not served{others}"
            return (ObjectFinding(codes.KIND_NOT_SERVED, ("apiVersion",), text),)
        contents = dict.fromkeys(
            (orjson.dumps(each), crd["spec"]["scope"] == "Namespaced")
            for crd in crds
            for each in crd["spec"]["versions"]
            if each["name"] == version and each.get("served")
        )
        return tuple(self._of_crd(f"{kind} {api_version}", *each, group) for each in islice(contents, _MOST_VARIANTS))

    def _of_crd(
        self,
        what: str,
        content: bytes,
        namespaced: bool,  # noqa: FBT001
        group: str,
    ) -> CheckedKind | ObjectFinding:
        try:
            return _custom(content, self._kubernetes.minor, self._engine, namespaced, group)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            typed = isinstance(error, TypeError | AttributeError)
            why = "a part of it has another type than schemas have" if typed else str(error).partition("\n")[0]
            return ObjectFinding(codes.SCHEMA_UNUSABLE, (), f"the schema of {what} cannot be used: {why}")

    def _crds(self, group: str, kind: str) -> Sequence[Mapping[str, Any]]:
        """The CRDs of a kind. Those in the input take precedence over shipped ones: the installed one decides."""
        shipped = (crd for crd in checked_crds_of(group) if crd["spec"]["names"]["kind"] == kind)
        return self._given.get((group, kind)) or [*shipped]

    def _unknown(self, api_version: str, kind: str) -> ObjectFinding:
        kubernetes = self._kubernetes
        if not _is_kubernetes_own(api_version.rpartition("/")[0]):
            return self._foreign(api_version, kind)
        what = f"{kind} {api_version} is not served by Kubernetes {kubernetes.minor}"
        if elsewhere := kubernetes.versions_of(kind):
            text = f"{what}, but {joined(sorted(elsewhere), 'or')} is"
            return ObjectFinding(codes.KIND_NOT_SERVED, ("apiVersion",), text, _served_by(api_version, kind))
        if known := kubernetes.kinds.get(api_version):
            if group := _OF_OPERATORS.get(kind):
                return ObjectFinding(codes.KIND_NOT_SERVED, ("apiVersion",), what, f"use apiVersion: {group}")
            near = nearest(kind, known)
            return ObjectFinding(codes.KIND_NOT_SERVED, ("kind",), what, f"did you mean {near}?" if near else None)
        if when := _served_by(api_version, kind):
            return ObjectFinding(codes.KIND_NOT_SERVED, ("apiVersion",), f"{what}, but {when}")
        return ObjectFinding(codes.KIND_NOT_SERVED, ("apiVersion",), what)

    def _foreign(self, api_version: str, kind: str) -> ObjectFinding:
        """The finding for a custom resource without a CRD, which may have the name of a built-in kind."""
        help_ = "add its CustomResourceDefinition to extraManifests"
        if own := self._kubernetes.versions_of(kind):
            help_ += f"; the built-in {kind} belongs to {joined(sorted(own), 'or')}"
        text = f"there is no schema for {kind} {api_version}"
        return ObjectFinding(codes.SCHEMA_UNKNOWN, ("kind",), text, help_)


@cache
def _built_in(minor: str, kind: BuiltInKind, engine: str | None) -> CheckedKind:
    schema = strict_kind(minor, kind.definition)
    return CheckedKind(kind.namespaced, schema, compile_schema(schema, engine), compile_plan(schema, verbatim=False))


@lru_cache(maxsize=256)
def _custom(
    version: bytes,
    minor: str,
    engine: str | None,
    namespaced: bool,  # noqa: FBT001 - cached
    group: str = "",
) -> CheckedKind:
    """A version of a CRD of a group, as JSON.

    Cached, because a process that compiles several blueprints sees the same CRDs.
    """
    key = f"{minor} {modified(minor)} {sha256(version).hexdigest()}"
    schema, plan, rules = _CUSTOM.get(
        key, version, lambda: _parts_of(version, minor), lambda: _is_shipped(group, version)
    )
    validate = compile_schema(schema, engine)
    return CheckedKind(namespaced, schema, lambda data: validate(with_defaults(data, schema)), plan, rules)


def _parts_of(version: bytes, minor: str) -> tuple[Schema, WalkPlan | None, RuleNode | None]:
    content: Mapping[str, Any] = orjson.loads(version)
    schema = strict_custom(content, minor)
    return schema, compile_plan(schema, verbatim=True), _rules(content)


def _rules(version: Mapping[str, Any]) -> RuleNode | None:
    """The validation rules. Fields that the cluster writes have none on creation."""
    schema = dict(version["schema"]["openAPIV3Schema"])
    if "status" in (version.get("subresources") or {}):
        fields = schema.get("properties", {})
        schema["properties"] = {name: field for name, field in fields.items() if name != "status"}
    return collect_rules(schema)


def _is_shipped(group: str, version: bytes) -> bool:
    """Whether a version of a CRD of a group, as JSON, is one of the catalogue's."""
    crds = chain(crds_of(group), checked_crds_of(group))
    return any(orjson.dumps(each) == version for crd in crds for each in crd["spec"]["versions"])


def is_readable(crd: Mapping[str, Any]) -> bool:
    """Whether a CRD has the parts that lookups need. Its own check reports other errors."""
    try:
        spec = crd["spec"]
        names = [spec["group"], spec["scope"], spec["names"]["kind"], *(v["name"] for v in spec["versions"])]
    except (KeyError, TypeError):
        return False
    return all(isinstance(name, str) and name for name in names)


def _served_by(api_version: str, kind: str) -> str | None:
    minors = [minor for minor in known_minors() if load_kubernetes(minor).find(api_version, kind)]
    if not minors:
        return None
    return (
        f"Kubernetes {minors[0]} serves it" if len(minors) == 1 else f"Kubernetes {minors[0]} to {minors[-1]} serve it"
    )


@cache
def _is_kubernetes_own(group: str) -> bool:
    """Whether the group belongs to Kubernetes itself: it has no dot, or some minor version serves it."""
    served = (version for minor in known_minors() for version in load_kubernetes(minor).kinds)
    return "." not in group or any(version.rpartition("/")[0] == group for version in served)
