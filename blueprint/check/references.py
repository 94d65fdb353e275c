"""Checks references between objects, as far as possible without a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check import codes
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import inside
from blueprint.check.workloads import ObjectReference, containers, references
from blueprint.diagnostics import Diagnostic, Severity, nearest
from blueprint.kubernetes.kinds import find_kind
from blueprint.kubernetes.pod_templates import PodTemplate, pod_templates, runs_elsewhere
from blueprint.source.paths import format_path
from blueprint.wording import counted

WELL_KNOWN_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
WELL_KNOWN_ROLES = frozenset({"admin", "cluster-admin", "edit", "view"})
_RBAC = "rbac.authorization.k8s.io"
WELL_KNOWN_ROLES_IN = {"kube-system": frozenset({"extension-apiserver-authentication-reader"})}
_ABSENT = "which is not among the objects"
_CLUSTER_WIDE = frozenset({"Namespace", "ClusterRole"})
_MADE_BY_KUBERNETES = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})


class _Set:
    """An index of the rendered objects."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = list(objects)
        self._names: dict[tuple[str, str, str], set[str]] = {}
        for each in self.objects:
            identity = each.id
            namespace = "" if identity.kind in _CLUSTER_WIDE else identity.namespace
            self._names.setdefault((identity.group, identity.kind, namespace), set()).add(identity.name)
            kind = find_kind(identity.group, identity.kind)
            if made := kind.makes_secret:
                name = inside(each.data, *made.split("."))
                self._names.setdefault(("", "Secret", namespace), set()).add(str(name))
            if accounts := kind.makes_accounts:
                where = str(inside(each.data, *accounts.namespace.split(".")))
                self._names.setdefault(("", "ServiceAccount", where), set()).update(accounts.names)
        self.namespaces = self.names("", "Namespace")

    def names(self, group: str, kind: str, namespace: str = "") -> set[str]:
        """The names of the rendered objects of this kind."""
        return self._names.get((group, kind, namespace), set())


def check_references(objects: Iterable[Object], existing: frozenset[str] = frozenset()) -> Iterator[Diagnostic]:
    """Findings about references between objects. Objects must have a valid identity; `existing` namespaces are assumed
    to exist.
    """
    known = _Set(objects)
    yield from _namespaces(known, existing)
    for subject in known.objects:
        for check in _CHECKS:
            for complaint in check(subject, known):
                yield complaint.to_diagnostic(subject)


def _namespaces(known: _Set, existing: frozenset[str]) -> Iterator[Diagnostic]:
    """One finding per namespace, at the first object that uses it."""
    users: dict[str, list[Object]] = {}
    for subject in known.objects:
        users.setdefault(subject.id.namespace, []).append(subject)
    there = known.namespaces | WELL_KNOWN_NAMESPACES | existing | {""}
    for namespace, (first, *others) in users.items():
        if namespace in there:
            continue
        and_others = f" (and that of {counted(len(others), 'more object')})" if others else ""
        text = f"its namespace {namespace}{and_others} is not among the objects"
        near = nearest(namespace, known.namespaces)
        help_ = f"did you mean {near}?" if near else "make sure that it exists before the first apply"
        yield ObjectFinding(codes.NAMESPACE_NOT_RENDERED, ("metadata", "namespace"), text, help_).to_diagnostic(first)


def _pod(subject: Object, known: _Set) -> Iterator[ObjectFinding]:
    for pod in pod_templates(subject.data):
        for reference in references(pod.path, pod.spec):
            if not runs_elsewhere(subject.id.kind) and (complaint := _missing(reference, subject, known)):
                yield complaint
        yield from _volumes(pod, subject)


def _missing(reference: ObjectReference, subject: Object, known: _Set) -> ObjectFinding | None:
    namespace = subject.id.namespace
    names = known.names("", reference.kind, namespace)
    if reference.optional or reference.name in names or (reference.kind, reference.name) in _MADE_BY_KUBERNETES:
        return None
    where = format_path(reference.path, subject.data)
    text = f"{where} refers to the {reference.kind} {namespace}/{reference.name}, {_ABSENT}"
    near = nearest(reference.name, names)
    help_ = f"did you mean {near}?" if near else None
    if reference.kind == "ServiceAccount":
        return ObjectFinding(codes.SERVICE_ACCOUNT_MISSING, reference.path, text, help_, _severity(namespace, known))
    return ObjectFinding(codes.CONFIG_MISSING, reference.path, text, help_)


def _severity(namespace: str, known: _Set) -> Severity:
    """The severity: in a namespace among the objects everything is known; elsewhere the object may already exist."""
    return Severity.ERROR if namespace in known.namespaces else Severity.WARNING


def _volumes(pod: PodTemplate, subject: Object) -> Iterator[ObjectFinding]:
    if "volumes" in pod.completed:
        return
    there = {str(volume.get("name")) for volume in _maps(pod.spec.get("volumes"))} | pod.added
    for place, container in containers(pod.path, pod.spec, pod.container):
        for index, mount in enumerate(_maps(container.get("volumeMounts"))):
            if isinstance(name := mount.get("name"), str) and name not in there:
                at = (*place, "volumeMounts", index, "name")
                text = f"{format_path(at, subject.data)}: the pod has no volume {name}"
                near = nearest(name, there)
                yield ObjectFinding(codes.VOLUME_MISSING, at, text, f"did you mean {near}?" if near else None)


def _selector(subject: Object, _: _Set) -> Iterator[ObjectFinding]:
    if not subject.api_version.startswith("apps/"):
        return
    spec = _spec(subject)
    selector = spec.get("selector")
    if isinstance(selector, Mapping) and not any(selector.values()):
        yield ObjectFinding(
            codes.SELECTOR_MISMATCH, ("spec", "selector"), "spec.selector is empty, so it selects no pods"
        )
    wanted = _map(_map(selector).get("matchLabels"))
    labels = _map(_metadata(_map(spec.get("template"))).get("labels"))
    for key, value in wanted.items():
        if labels.get(key) != value:
            path = ("spec", "selector", "matchLabels", key)
            has = f"{key}={labels[key]}" if key in labels else f"no label {key}"
            text = f"{format_path(path, subject.data)} is {value}, but the pod template has {has}"
            yield ObjectFinding(codes.SELECTOR_MISMATCH, path, text)


def _binding(subject: Object, known: _Set) -> Iterator[ObjectFinding]:
    if subject.id.group != _RBAC:  # OpenShift has bindings of its own; roles have no such fields
        return
    yield from _role(subject, known)
    for index, each in enumerate(_maps(subject.data.get("subjects"))):
        name, namespace = str(each.get("name")), str(each.get("namespace"))
        if each.get("kind") != "ServiceAccount" or namespace not in known.namespaces or name == "default":
            continue
        names = known.names("", "ServiceAccount", namespace)
        if name not in names:
            path = ("subjects", index, "name")
            near = nearest(name, names)
            yield ObjectFinding(
                codes.SUBJECT_MISSING,
                path,
                f"{format_path(path, subject.data)} is the ServiceAccount {namespace}/{name}, {_ABSENT}",
                f"did you mean {near}?" if near else None,
            )


def _role(subject: Object, known: _Set) -> Iterator[ObjectFinding]:
    role = _map(subject.data.get("roleRef"))
    kind, name, namespace = role.get("kind"), str(role.get("name", "")), subject.id.namespace
    if kind not in ("Role", "ClusterRole") or not name:
        return
    names = known.names(_RBAC, kind, namespace if kind == "Role" else "")
    well_known = WELL_KNOWN_ROLES if kind == "ClusterRole" else WELL_KNOWN_ROLES_IN.get(namespace, frozenset())
    if name in names or name.startswith("system:") or name in well_known:
        return
    severity = _severity(namespace, known) if kind == "Role" else Severity.WARNING
    near = nearest(name, names)
    text = f"roleRef.name is the {kind} {name}, {_ABSENT}"
    help_ = f"did you mean {near}?" if near else None
    yield ObjectFinding(codes.ROLE_MISSING, ("roleRef", "name"), text, help_, severity)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [_map(each) for each in value] if isinstance(value, list) else []


def _spec(subject: Object) -> Mapping[str, Any]:
    return _map(subject.data.get("spec"))


def _metadata(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return _map(value.get("metadata"))


_CHECKS: tuple[Callable[[Object, _Set], Iterator[ObjectFinding]], ...] = (_pod, _selector, _binding)
