"""The check phase: validates every rendered object against the declared Kubernetes minor version and the CRDs, then
their references.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from blueprint.bundle.model import USERS, Object, Path
from blueprint.check import codes
from blueprint.check.definitions import check_definition
from blueprint.check.finding import ObjectFinding, place, value_at
from blueprint.check.kinds import CheckedKind, KindRegistry, is_readable
from blueprint.check.messages import MOST_FAULTS, in_words
from blueprint.check.metadata import check_identity, check_payload, check_request_size, check_sizes
from blueprint.check.references import check_references
from blueprint.check.schema_walk import walk
from blueprint.check.validation_rules import FIELDS, RuleTally, evaluate_rules
from blueprint.check.validator import NotJsonError, Violation
from blueprint.diagnostics import Comparisons, Diagnostic, Note, Severity, has_errors, in_order, nearest
from blueprint.kubernetes.api import known_minors
from blueprint.kubernetes.crd_defaults import with_defaults
from blueprint.kubernetes.pod_templates import completed_containers, pod_templates
from blueprint.records import Record, replace
from blueprint.source.paths import format_path

_USUAL = frozenset({"apiVersion", "kind", "metadata", "spec", "data", "labels", "namespace", "annotations"})
_METADATA = frozenset({"annotations", "finalizers", "generateName", "labels", "name", "namespace", "ownerReferences"})
_MOST_KEYS = 20
_MOST_COUNTED = 20_000
"""The maximum number of errors searched for in one object; beyond it they are not counted."""
_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


class Validation(Record):
    """The findings of validation, and the objects with a valid schema. Only those are checked by rules, except for
    rules of form.
    """

    diagnostics: tuple[Diagnostic, ...]
    well_formed: tuple[Object, ...]
    rules: RuleTally
    malformed: tuple[Object, ...] = ()


def check_objects(
    objects: Iterable[Object],
    *,
    kubernetes_minor: str,
    crds: Iterable[Mapping[str, Any]] = (),
    namespaces: Iterable[str] = (),
    engine: str | None = None,
) -> list[Diagnostic]:
    """All errors in the schema and the references of the objects, in report order.

    Args: see `validate_objects`.
    """
    found = validate_objects(
        objects, kubernetes_minor=kubernetes_minor, crds=crds, namespaces=namespaces, engine=engine
    )
    return list(in_order(found.diagnostics))


def validate_objects(
    objects: Iterable[Object],
    *,
    kubernetes_minor: str,
    crds: Iterable[Mapping[str, Any]] = (),
    namespaces: Iterable[str] = (),
    engine: str | None = None,
    for_clients: bool = False,
) -> Validation:
    """Check each object against the schema of its kind, and the references between all of them.

    Args:
        objects: The objects to apply, with provenance if available.
        kubernetes_minor: `1.36`; a minor version without a schema is itself a finding.
        crds: Expanded CustomResourceDefinitions that the cluster has in addition to those among the objects. They take
            precedence over the shipped ones.
        namespaces: Namespaces that exist according to the blueprint.
        engine: `jsonschema_rs` or `jsonschema`, to force one.
        for_clients: Whether objects may be as `kubectl create -n` accepts them: with `generateName` instead of a name,
            and without a namespace. Objects of kinds without a schema may have no metadata: those are reports, or
            configuration files.
    """
    objects = list(objects)
    if kubernetes_minor not in known_minors():
        text = f"there are no schemas for Kubernetes {kubernetes_minor}; supported: {', '.join(known_minors())}"
        return Validation((Diagnostic(codes.MINOR_UNKNOWN, text),), (), RuleTally())
    theirs = (each.data for each in objects if (each.data.get("apiVersion"), each.data.get("kind")) == _CRD)
    accepted = [each for each in theirs if not any(check_request_size(each))]
    kinds = KindRegistry(kubernetes_minor, [*accepted, *crds], engine)
    tally = RuleTally()
    with Comparisons().counted():
        faults = [_identity_faults(each, kinds, for_clients=for_clients) for each in objects]
        by_object = [
            list(_misidentified(each, wrong) if wrong else _check(each, kinds, tally, for_clients=for_clients))
            for each, wrong in zip(objects, faults, strict=True)
        ]
    sound = [each for each, wrong in zip(objects, faults, strict=True) if not wrong]
    found = [diagnostic for each in by_object for diagnostic in each]
    found += _duplicates(sound)
    with Comparisons().counted():
        found += check_references(sound, frozenset(namespaces))
    refused = {id(each) for each, faults in zip(objects, by_object, strict=True) if has_errors(_of_form(faults))}
    formed = tuple(each for each in sound if id(each) not in refused)
    return Validation(tuple(found), formed, tally, tuple(each for each in sound if id(each) in refused))


_STILL_READABLE = frozenset({
    codes.VALUE_NOT_ALLOWED, codes.OUT_OF_BOUNDS, codes.MALFORMED, codes.DUPLICATE_ITEM, codes.REPEATED_ITEM,
    codes.RULE_VIOLATED, codes.SERVER_FIELD, codes.BAD_NAME, codes.BAD_LABEL,
    codes.NAMESPACE_MISSING, codes.NAMESPACE_NOT_ALLOWED, codes.SCHEMA_UNKNOWN,
})  # fmt: skip
"""Errors about an object that rules can check nevertheless: all fields are known and have the type that they need."""


def _of_form(faults: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The errors without those that leave an object readable."""
    return (each for each in faults if each.code not in _STILL_READABLE)


_EXPLAINED = (codes.RULE_VIOLATED, codes.KIND_NOT_SERVED, codes.MISSING_FIELD, codes.VALUE_NOT_ALLOWED)


def without_explained(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings without schema errors for which a rule of this tool (BP6xxx) explains the same field."""
    found = list(found)
    own = [each for each in found if each.code.id.startswith("BP6")]
    explained = {(each.subject, each.path) for each in own}
    errors = {(each.subject, each.path) for each in own if each.severity is Severity.ERROR}
    return (each for each in found if not (_places_of(each) & explained) and not (_read_by(each) & errors))


def _places_of(fault: Diagnostic) -> set[tuple[str | None, str | None]]:
    """The paths at which a finding would explain this error: the field, and for an unknown field also its parent."""
    if fault.code is codes.UNKNOWN_FIELD:
        return {(fault.subject, fault.path), (fault.subject, (fault.path or "").rpartition(".")[0])}
    return {(fault.subject, fault.path)} if fault.code in _EXPLAINED else set()


def _read_by(fault: Diagnostic) -> set[tuple[str | None, str | None]]:
    """The fields that a violated rule of a CRD reads: an error at one of them explains it."""
    fields = dict(fault.evidence).get(FIELDS, "") if fault.code is codes.RULE_VIOLATED else ""
    return {(fault.subject, path) for path in fields.split(", ") if path}


def _misidentified(subject: Object, faults: Iterable[ObjectFinding]) -> Iterator[Diagnostic]:
    return (fault.to_diagnostic(subject, _called(subject)) for fault in faults)


def _check(subject: Object, kinds: KindRegistry, tally: RuleTally, *, for_clients: bool) -> Iterator[Diagnostic]:
    variants = kinds.variants(subject.api_version, subject.data["kind"])
    if len(variants) == 1 and isinstance(variants[0], ObjectFinding):
        yield variants[0].to_diagnostic(subject)
        if variants[0].code is not codes.SCHEMA_UNKNOWN or not any(pod_templates(subject.data)):
            return
        variants = (kinds.of_metadata(),)
    if too_large := list(check_request_size(subject.data)):
        yield from (each.to_diagnostic(subject) for each in too_large)
        return
    found = _by_best(subject.data, variants, kinds, tally)
    if for_clients:
        found = [each for each in found if not _is_completed(subject.data, each)]
    if (subject.api_version, subject.data["kind"]) == _CRD and not _is_rendered(subject):
        found += _definition_faults(subject.data, kinds, found)
    for each in found:
        if each.code is codes.NAMESPACE_MISSING and for_clients:
            continue
        if each.code is not codes.RULE_NOT_EVALUATED or not _is_rendered(subject):
            yield each.to_diagnostic(subject)


def _is_completed(data: dict[str, Any], found: ObjectFinding) -> bool:
    """Whether the finding is that a container has no image, which Spark or Jenkins adds to this pod."""
    if found.code is not codes.MISSING_FIELD or data["kind"] != "Pod":
        return False
    container = value_at(data, found.path)
    is_known = isinstance(container, dict) and str(container.get("name")) in completed_containers()
    return is_known and "image" not in container


def _by_best(
    data: dict[str, Any], variants: Iterable[CheckedKind | ObjectFinding], kinds: KindRegistry, tally: RuleTally
) -> list[ObjectFinding]:
    """The findings according to the CRD with the fewest errors: objects of an earlier release fit the CRD of that."""
    best: list[ObjectFinding] | None = None
    for kind in variants:
        found = [kind] if isinstance(kind, ObjectFinding) else list(_complaints(data, kind, kinds, tally))
        if best is None or len(_errors(found)) < len(_errors(best)):
            best = found
        if not _errors(best):
            break
    return best or []


def _definition_faults(crd: dict[str, Any], kinds: KindRegistry, found: list[ObjectFinding]) -> Iterator[ObjectFinding]:
    """Errors in a CRD from the user. Shipped ones come from upstream, and tests check them against a server."""
    sound = not _errors(found)
    yield from _own_schema(crd, kinds)
    if sound and is_readable(crd):
        yield from check_definition(crd)


def _errors(found: Iterable[ObjectFinding]) -> list[ObjectFinding]:
    """The findings that are errors."""
    return [each for each in found if (each.override or each.code.severity) is Severity.ERROR]


def _is_rendered(subject: Object) -> bool:
    """Whether one of our templates renders the object: its validation rules are evaluated where that template is
    tested.
    """
    origin = subject.origin(("apiVersion",))
    return origin is not None and not any(source.layer == "manifest" for source in origin.sources)


def _complaints(
    data: dict[str, Any], kind: CheckedKind, kinds: KindRegistry, tally: RuleTally
) -> Iterator[ObjectFinding]:
    try:
        violations, others = _listed(kind.validate(data))
    except NotJsonError as error:
        yield ObjectFinding(codes.WRONG_TYPE, error.path, f"{format_path(error.path, data)}: {error}")
        return
    form = walk(kind.plan, data)
    if violations:
        form = [*in_words(violations, data, data["kind"]), *form]
    if others:
        least = "at least " if len(violations) + others == _MOST_COUNTED else ""
        text = f"has {least}{others:,} more violations of this kind, which are not listed"
        form.append(ObjectFinding(codes.TOO_MANY_FAULTS, (), text))
    yield from form
    if kind.rules and not _errors(form):
        yield from evaluate_rules(kind.rules, with_defaults(data, kind.schema), data["kind"], tally)
    yield from check_identity(data, namespaced=kind.namespaced, minor=kinds.minor)
    yield from check_sizes(data)
    yield from check_payload(data)
    if not kinds.on_by_default(data["apiVersion"]):
        text = f"{data['apiVersion']} is served only where the API server enables it"
        yield ObjectFinding(codes.NOT_ON_BY_DEFAULT, ("apiVersion",), text)


def _listed(violations: Iterator[Violation]) -> tuple[list[Violation], int]:
    """The violations to list, and the number of the remaining ones."""
    first = next(violations, None)
    if first is None:
        return [], 0
    listed: list[Violation] = []
    counts = Counter[str]()
    for each in islice(chain((first,), violations), _MOST_COUNTED):
        counts[each.keyword] += 1
        if counts[each.keyword] <= MOST_FAULTS:
            listed.append(each)
    return listed, counts.total() - len(listed)


def _own_schema(crd: dict[str, Any], kinds: KindRegistry) -> Iterator[ObjectFinding]:
    """Check that a CRD's schema is usable; otherwise its resources cannot be checked."""
    if not is_readable(crd):
        return
    spec = crd["spec"]
    for version in (each for each in spec["versions"] if each.get("served")):
        found = kinds.find(f"{spec['group']}/{version['name']}", spec["names"]["kind"])
        if isinstance(found, ObjectFinding) and found.code is codes.SCHEMA_UNUSABLE:
            yield found


def _identity_faults(subject: Object, kinds: KindRegistry, *, for_clients: bool) -> list[ObjectFinding]:
    """Why the identity of the object is unknown."""
    data = subject.data
    meta = data.get("metadata")
    if for_clients and not _is_of_objects(meta) and (unknown := _unknown_kind(data, kinds)):
        return [unknown]
    if for_clients and isinstance(meta, dict) and isinstance(meta.get("generateName"), str):
        meta = {"name": meta["generateName"], **meta}
    places = {
        ("apiVersion",): data.get("apiVersion"),
        ("kind",): data.get("kind"),
        ("metadata", "name"): meta.get("name") if isinstance(meta, dict) else None,
    }
    return [
        _identity_fault(path, value, data) for path, value in places.items() if not (isinstance(value, str) and value)
    ]


def _is_of_objects(meta: Any) -> bool:
    """Whether it is the metadata of a Kubernetes object. Other programs have files with a kind and `metadata: {version:
    2}`.
    """
    if not isinstance(meta, dict) or not meta or meta.keys() & _METADATA or len(meta) > _MOST_KEYS:
        return meta is not None
    return any(nearest(str(each), _METADATA) for each in meta)


def _unknown_kind(data: Mapping[str, Any], kinds: KindRegistry) -> ObjectFinding | None:
    """The finding that there is no schema for its kind."""
    version, kind = data.get("apiVersion"), data.get("kind")
    found = kinds.find(version, kind) if isinstance(version, str) and isinstance(kind, str) else None
    return found if isinstance(found, ObjectFinding) and found.code is codes.SCHEMA_UNKNOWN else None


def _identity_fault(path: Path, value: Any, data: dict[str, Any]) -> ObjectFinding:
    if value is not None and value != "":
        return ObjectFinding(codes.WRONG_TYPE, path, f"{'.'.join(map(str, path))} must be text")
    meta = data.get("metadata")
    inside = meta if len(path) > 1 and isinstance(meta, dict) else data
    for field in reversed(path):
        written = nearest(str(field), (key for key in inside if isinstance(key, str) and key not in _USUAL))
        if written:
            at = (written,) if inside is data else ("metadata", written)
            return ObjectFinding(codes.UNKNOWN_FIELD, at, f"unknown field {written}", f"did you mean {field}?")
    return ObjectFinding(codes.MISSING_FIELD, path, f"required field {'.'.join(map(str, path))} is missing")


def _called(subject: Object) -> str:
    """A name for an object without a valid identity."""
    meta = subject.data.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    return "/".join(str(part) for part in (subject.data.get("kind"), name) if part) or "an object without a kind"


def _duplicates(objects: Iterable[Object]) -> Iterator[Diagnostic]:
    first: dict[Any, Object] = {}
    for each in objects:
        if "name" in each.data["metadata"] and (before := first.setdefault(each.id, each)) is not each:
            by = dict.fromkeys((before.component, each.component))
            text = "given twice" if [*by] == [USERS] else f"rendered twice, by {' and by '.join(by)}"
            found = ObjectFinding(codes.DUPLICATE_OBJECT, ("metadata", "name"), text).to_diagnostic(each)
            at, _ = place(before.origin(("metadata", "name")))
            yield replace(found, notes=(*found.notes, Note("first given here", at))) if at else found
