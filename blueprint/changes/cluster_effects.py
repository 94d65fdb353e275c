"""The consequences of renaming the platform or changing its cluster, which no apply can carry out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blueprint.changes import codes
from blueprint.changes.compare import FieldChange, ObjectChange
from blueprint.diagnostics import Code, Diagnostic, Span
from blueprint.versions import version_key

_IN_WORDS: Mapping[str, str] = {
    "distribution": "the distribution changes",
    "os": "the operating system of the nodes changes",
    "uid": "the UID of the accepted cluster changes",
}


def cluster_effects(parts: Iterable[ObjectChange]) -> Iterator[Diagnostic]:
    """Diagnostics about changes of the cluster and of the platform's name; `parts` are the changed parts of two
    bundles.
    """
    for part in parts:
        for field in part.fields:
            where = (part.id.kind, *field.path)
            if where == ("platform", "name"):
                renamed = f"the platform is renamed from {field.before} to {field.after}"
                message = f"{renamed}, so a cluster treats it as a new platform"
                help_ = "keep the name, or first remove the old platform from the cluster"
                yield _diagnostic(codes.PLATFORM_RENAMED, field, message, help_)
            elif where == ("cluster", "kubernetes"):
                yield _kubernetes(field)
            elif part.id.kind == "cluster" and field.path[0] in _IN_WORDS:
                subject = _IN_WORDS[str(field.path[0])]
                message = f"{subject}, {field.before or 'any'} -> {field.after or 'any'}, which `apply` does not do"
                yield _diagnostic(codes.CLUSTER_CHANGE, field, message, "")


def _kubernetes(field: FieldChange) -> Diagnostic:
    before, after = version_key(str(field.before)), version_key(str(field.after))
    change = f"Kubernetes {field.before} -> {field.after}"
    if after < before:
        message = f"{change} is a downgrade, which clusters do not support"
        return _diagnostic(
            codes.KUBERNETES_DOWNGRADE,
            field,
            message,
            "declare the version that the cluster runs, or create a new cluster",
        )
    minors = after[1] - before[1]
    steps = f", in {minors} steps" if minors > 1 else ""
    message = f"{change}: upgrade the cluster first{steps}"
    return _diagnostic(
        codes.KUBERNETES_CHANGE, field, message, "upgrade the control plane, then the nodes, then run `apply`"
    )


def _diagnostic(code: Code, field: FieldChange, message: str, help_: str) -> Diagnostic:
    return Diagnostic(code, message, at=_place(field), help=help_ or None, path=field.shown)


def _place(field: FieldChange) -> Span | None:
    return field.origin.place if field.origin else None
