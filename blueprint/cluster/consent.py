"""The user's consent to forced changes: for everything, or for named objects and fields."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.bundle.model import ObjectId
from blueprint.cluster import codes, findings
from blueprint.cluster.plan_model import FieldConflict, NodeStep, Plan, Step
from blueprint.diagnostics import Diagnostic
from blueprint.records import Record, replace
from blueprint.source.paths import format_path


class Consent(Record):
    """Consent to take over fields, or to delete and recreate objects.

    Attributes:
        everything: Whether it was given without a name.
        named: `KIND/NAMESPACE/NAME` (`KIND/NAME` for cluster-scoped objects), for fields also `...:FIELD`. Compared
            with existing objects, never split: names may contain colons.
    """

    everything: bool = False
    named: tuple[str, ...] = ()

    @classmethod
    def given(cls, texts: Iterable[str]) -> Consent:
        """The consent from the command line: one text for each occurrence of the flag, empty for everything."""
        all_texts = tuple(texts)
        return cls("" in all_texts, tuple(text for text in all_texts if text))

    @classmethod
    def of(cls, given: Consent | bool) -> Consent:  # noqa: FBT001 - either form of one value
        """The consent, from a bool for everything or nothing."""
        return given if isinstance(given, Consent) else cls(everything=given)

    def names(self, identity: ObjectId) -> bool:
        """Whether an object, or one of its fields, is named."""
        return any(_is_about(text, identity) for text in self.named)

    def covers(self, identity: ObjectId, conflict: FieldConflict) -> bool:
        """Whether a contested field may be taken over."""
        if self.everything or str(identity) in self.named:
            return True
        fields = [text[len(str(identity)) + 1 :] for text in self.named if _is_about(text, identity)]
        spellings = conflict.spelt or (format_path(conflict.path),)
        return any(_is_at(spelt, field) for field in fields for spelt in spellings)

    def left(self, step: Step | NodeStep) -> tuple[FieldConflict, ...]:
        """The contested fields of a step that may not be taken over."""
        return tuple(c for c in step.conflicts if not self.covers(step.id, c))

    def lets_write(self, step: Step | NodeStep) -> bool:
        """Whether a step may be written: it has no contested fields, or they may be taken over or can be omitted.

        A node is written as a whole. An object that is not named is not written either: half of a change that was not
        requested may be worse than none.
        """
        left = self.left(step)
        if not left:
            return True
        if isinstance(step, NodeStep) or not self.names(step.id):
            return False
        return not any(conflict.in_the_way or not conflict.located for conflict in left)

    def unknown_names(self, ids: Iterable[ObjectId]) -> tuple[str, ...]:
        """The names that match none of these objects."""
        known = tuple(ids)
        return tuple(text for text in self.named if not any(_is_about(text, identity) for identity in known))


NONE = Consent()
"""No consent."""


def reported_when_taken(plan: Plan, consent: Consent) -> set[Diagnostic]:
    """The plan's diagnostics about contested fields that this apply takes over: the write reports them again, with the
    result.
    """
    data = {step.id: step.object.data for step in plan.steps}
    steps: tuple[Step | NodeStep, ...] = (*plan.steps, *plan.nodes)
    return {
        findings.conflict(step.id, conflict, data.get(step.id))
        for step in steps
        if consent.lets_write(step)
        for conflict in step.conflicts
        if consent.covers(step.id, conflict)
    }


def with_replacements(plan: Plan, consent: Consent) -> Plan:
    """The plan with permission to delete and recreate objects that cannot be changed in place.

    Objects with something to lose must be named.
    """

    def may(step: Step) -> bool:
        """Whether the object of a step may be replaced."""
        return step.replaceable and (consent.names(step.id) or (consent.everything and not step.loses))

    allowed = {str(step.id) for step in plan.steps if may(step)}
    steps = tuple(replace(step, blocked=False) if may(step) else step for step in plan.steps)
    found = tuple(d for d in plan.diagnostics if d.code is not codes.NEEDS_REPLACEMENT or d.subject not in allowed)
    return replace(plan, steps=steps, diagnostics=found)


def _is_about(text: str, identity: ObjectId) -> bool:
    return text == str(identity) or text.startswith(f"{identity}:")


def _is_at(field: str, scope: str) -> bool:
    """Whether a field equals the scope, or is inside it."""
    return field == scope or field.startswith((f"{scope}.", f"{scope}["))
