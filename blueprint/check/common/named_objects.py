"""References to objects that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import PurePosixPath

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Code, Severity, nearest

_MOST_LISTED = 24


def severity_beside(subject: Object, kind: tuple[str, str], context: RuleContext) -> Severity | None:
    """The severity, unless it is the default, if no object of `kind` (group, kind) has the name to which `subject`
    refers.

    If the folder of the subject contains no object of that kind, those in other folders belong to other examples, and
    the object may already exist in the cluster.
    """
    if context.capabilities & {Capability.BLUEPRINT, Capability.COMPLETE}:
        return None
    folder = _folder(subject)
    return None if folder is None or folder in context.once(_folders).get(kind, ()) else Severity.NOTE


def _folders(context: RuleContext) -> dict[tuple[str, str], set[PurePosixPath | None]]:
    """The folders with objects of each kind."""
    found: dict[tuple[str, str], set[PurePosixPath | None]] = defaultdict(set)
    for kind in ("Deployment", "StatefulSet", "ReplicaSet", "Service", "PersistentVolumeClaim"):
        for each in context.objects_of_kind(kind):
            found[each.id.group, kind].add(_folder(each))
    return found


def _folder(subject: Object) -> PurePosixPath | None:
    place = subject.origin(("metadata",))
    return PurePosixPath(place.template.file).parent if place else None


def missing(
    code: Code,
    path: Path,
    name: str,
    there: Collection[str],
    text: str,
    context: RuleContext,
    otherwise: Severity | None = None,
    itself: str | None = None,
) -> ObjectFinding | None:
    """The finding that no object has the name; `itself` is an existing object that does not count.

    None if one has it, and if there are no objects of its kind, which are then assumed to exist elsewhere. It is an
    error only if the user declares that no object exists outside of the input, which a blueprint does not imply.
    """
    complete = Capability.COMPLETE in context.capabilities and Capability.BLUEPRINT not in context.capabilities
    if name in there or not (len(there) > (itself in there) or complete):
        return None
    near = nearest(name, there)
    few = sorted({*there} - {itself}) if len(there) <= _MOST_LISTED else ()
    help_ = f"did you mean {near}?" if near and near != itself else f"existing: {', '.join(few)}" if few else None
    return ObjectFinding(code, path, text, help_, Severity.ERROR if complete else otherwise)
