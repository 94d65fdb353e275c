"""How to undo a finding: the exact command, or an explanation if no command does. Only verified advice is given.

The effect of an apply is determined by the same code as for apply (`View.plan`), so that the two cannot disagree. If it
cannot be determined (a snapshot, no dry runs, no write permission), field ownership alone decides.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import Action
from blueprint.changes.immutable import may_not_be_replaced
from blueprint.drift.commands import kubectl
from blueprint.drift.model import Finding, FindingKind
from blueprint.drift.removal import Removal, removal_of
from blueprint.inventory.membership import PART_OF
from blueprint.kubernetes.kinds import find_kind
from blueprint.records import Record, replace

if TYPE_CHECKING:
    from blueprint.cluster.plan_model import Step
    from blueprint.drift.view import Live

Tries = Callable[[Sequence[Mapping[str, Any]]], bool | None]
"""Returns whether the server would accept a JSON patch of an object; None if unknown."""

_RESTORED = {
    FindingKind.MODIFIED: "restores it; to keep the live value, change the blueprint line",
    FindingKind.REMOVED: "restores it; only the audit log records who removed it",
    FindingKind.OWNERSHIP_LOST: "takes back the ownership",
    FindingKind.REORDERED: "restores the order",
    FindingKind.REPLACED: "takes ownership, and sets the declared value",
    FindingKind.FOREIGN_ADDITION: "removes it",
    FindingKind.MISSING: "creates it; only the audit log records who deleted it",
}
_REMOVES = "removes it; or declare it in the blueprint: an apply does not remove it"
_BY_HAND = "remove it by hand, or declare it in the blueprint: an apply does not remove it"
_LEAVING = "a deletion cannot be stopped; once the object is gone, an apply recreates it"


class Situation(Record):
    """One object with its findings: its live state, our field manager, and the plan of an apply (None if unknown)."""

    identity: ObjectId
    live: Live
    us: str
    step: Step | None
    tries: Tries


def advised(findings: Iterable[Finding], at: Situation) -> Iterator[Finding]:
    """The findings of one object, each with how to undo it."""
    found = [replace(finding, contest=_is_contested(finding, at)) for finding in findings]
    if "deletionTimestamp" in at.live["metadata"]:
        yield from (replace(finding, help=_LEAVING) for finding in found)
        return
    obstacles = {names for conflict in _obstacles(at) for names in conflict}
    added = [f for f in found if f.kind is FindingKind.FOREIGN_ADDITION and not _goes_with_apply(f, at, obstacles)]
    removals = [removal_of(finding.path, at.live) for finding in added]
    contested = any(finding.contested for finding in found) or bool(at.step and at.step.conflicts)
    for finding in found:
        if finding in added:
            yield _removed(finding, removals[added.index(finding)], removals, at)
        elif finding.kind in _RESTORED:
            yield _restored(finding, at, contested=contested)
        else:
            yield finding


def _is_contested(finding: Finding, at: Situation) -> bool:
    """Whether a plain apply causes a conflict at this field: another manager owns another value there, or no manager
    owns it.
    """
    if finding.kind is FindingKind.OWNERSHIP_LOST:
        return False
    if finding.kind is not FindingKind.MODIFIED:
        return False
    if not at.live["metadata"].get("managedFields"):
        return True
    writer = finding.writer
    return writer is not None and (writer.manager, writer.operation) != (at.us, "Apply")


def _obstacles(at: Situation) -> list[tuple[str, ...]]:
    return [conflict.spelt for conflict in at.step.conflicts if conflict.in_the_way] if at.step else []


def _goes_with_apply(finding: Finding, at: Situation, obstacles: set[str]) -> bool:
    """Whether an apply removes the field: only our own apply owns it, or an apply must remove it as an obstacle."""
    writer = finding.writer
    ours = writer is not None and (writer.manager, writer.operation) == (at.us, "Apply")
    return ours or finding.path in obstacles


def _restored(finding: Finding, at: Situation, *, contested: bool) -> Finding:
    step = at.step
    if step is not None and step.action is Action.REPLACE:
        return _replacement(finding, step)
    if step is not None and step.blocked and step.action is not Action.UNKNOWN:
        return replace(finding, help=f"an apply cannot restore it now: {step.reason}")
    if step is not None and step.action is Action.UNCHANGED and finding.kind is not FindingKind.REPLACED:
        return replace(finding, help="restore it by hand: an apply would not write this field")
    scopes = tuple(_scopes(finding, at)) if contested else ()
    command = shlex.join(["blueprint", "apply", *(f"--force-conflicts={scope}" for scope in scopes)])
    return replace(finding, commands=(command,), help=f"`{command}` {_RESTORED[finding.kind]}")


def _scopes(finding: Finding, at: Situation) -> Iterator[str]:
    """The scopes that the apply must be allowed to take over for this finding, limited to the necessary fields."""
    holders = list(dict.fromkeys(names[-1] for names in _obstacles(at)))
    if not finding.path:
        yield str(at.identity)
        return
    unlocated = any(not c.located for c in at.step.conflicts) if at.step else False
    if unlocated:  # It was written in another API version, in which its fields have other names.
        yield str(at.identity)
        return
    if not any(finding.path == holder or finding.path.startswith((f"{holder}.", f"{holder}[")) for holder in holders):
        yield f"{at.identity}:{finding.path}"
    yield from (f"{at.identity}:{holder}" for holder in holders)


def _replacement(finding: Finding, step: Step) -> Finding:
    if not step.replaceable:
        return replace(finding, help=f"an apply never replaces this object: {may_not_be_replaced(step.id)}")
    flag = f"--replace={step.id}" if step.loses else "--replace"
    command = shlex.join(["blueprint", "apply", flag])
    lost = f", and loses {', '.join(step.loses)}" if step.loses else ""
    text = f"the field cannot change on an existing object: `{command}` deletes and recreates it{lost}"
    return replace(finding, commands=(command,), help=text)


def _removed(finding: Finding, own: Removal | None, all_of: Sequence[Removal | None], at: Situation) -> Finding:
    """The patch that removes an addition: by itself if possible, otherwise together with the object's other
    additions.
    """
    together = Removal.joined([each for each in all_of if each])
    alone = own if own and not (own.by_index and sum(bool(each and each.by_index) for each in all_of) > 1) else None
    for removal, words in (
        (alone, _REMOVES),
        (together if own else None, f"removes everything that was added; {_REMOVES[12:]}"),
    ):
        if removal is None or at.tries(removal.operations) is False:
            continue
        command = removal.command(at.identity)
        return replace(finding, commands=(command,), help=f"`{command}` {words}")
    return replace(finding, help=_BY_HAND)


def orphan_advice(finding: Finding, identity: ObjectId) -> Finding:
    """How to delete an object that is no longer rendered. Objects with data are left to the user."""
    carries = find_kind(identity.group, identity.kind).carries
    if may_not_be_replaced(identity) or carries or identity.kind == "PersistentVolumeClaim":
        return replace(finding, help="declare it again, or delete it by hand if you no longer need what it contains")
    command = kubectl("delete", identity)
    return replace(finding, commands=(command,), help=f"`{command}` deletes it; to keep it, declare it again")


def copy_advice(finding: Finding, identity: ObjectId) -> Finding:
    """How to remove our label from an object that is not ours."""
    command = kubectl("label", identity, f"{PART_OF}-")
    return replace(finding, commands=(command,), help=f"`{command}` removes the label")


def missing_advice(finding: Finding, step: Step | None) -> Finding:
    """Whether an apply creates a missing object."""
    if step is not None and step.blocked and step.action is not Action.UNKNOWN:
        return replace(finding, help=f"`blueprint apply` cannot create it now: {step.reason}")
    command = "blueprint apply"
    return replace(finding, commands=(command,), help=f"`{command}` {_RESTORED[FindingKind.MISSING]}")
