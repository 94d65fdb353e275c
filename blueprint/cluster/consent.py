"""What a person allowed an apply to do: everything of its sort, or what was named."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.bundle.model import ObjectId
from blueprint.cluster import codes, findings
from blueprint.cluster.plan_model import FieldConflict, NodeStep, Plan, Step
from blueprint.diagnostics import Diagnostic
from blueprint.records import Record, replace
from blueprint.source.paths import format_path


class Consent(Record):
    """Leave to take over fields, or to delete objects and make them anew.

    Attributes:
        everything: Whether it was given without a name.
        named: `KIND/NAMESPACE/NAME` (`KIND/NAME` for what is in no namespace), for fields also `...:FIELD`. Matched
            against what there is, never split: names may hold colons.
    """

    everything: bool = False
    named: tuple[str, ...] = ()

    @classmethod
    def given(cls, texts: Iterable[str]) -> Consent:
        """Consent as the command line has it: one text for each time it was given, empty for all."""
        all_texts = tuple(texts)
        return cls("" in all_texts, tuple(text for text in all_texts if text))

    @classmethod
    def of(cls, given: Consent | bool) -> Consent:  # noqa: FBT001 - either form of one value
        """Consent, where all or nothing may be said as a bool."""
        return given if isinstance(given, Consent) else cls(everything=given)

    def names(self, identity: ObjectId) -> bool:
        """Whether an object, or a field of it, was named."""
        return any(_is_about(text, identity) for text in self.named)

    def covers(self, identity: ObjectId, conflict: FieldConflict) -> bool:
        """Whether a contested field may be taken."""
        if self.everything or str(identity) in self.named:
            return True
        fields = [text[len(str(identity)) + 1 :] for text in self.named if _is_about(text, identity)]
        spellings = conflict.spelt or (format_path(conflict.path),)
        return any(_is_at(spelt, field) for field in fields for spelt in spellings)

    def left(self, step: Step | NodeStep) -> tuple[FieldConflict, ...]:
        """The contested fields of a step that nobody allowed to take."""
        return tuple(c for c in step.conflicts if not self.covers(step.id, c))

    def lets_write(self, step: Step | NodeStep) -> bool:
        """Whether a step may be written: nothing in it is contested, or what is may be taken or can be left out.

        A node is written as a whole. An object that was not named is left alone as a whole, too: half of a change
        that nobody requested may be worse than none.
        """
        left = self.left(step)
        if not left:
            return True
        if isinstance(step, NodeStep) or not self.names(step.id):
            return False
        return not any(conflict.in_the_way or not conflict.located for conflict in left)

    def unknown_names(self, ids: Iterable[ObjectId]) -> tuple[str, ...]:
        """What was named and is none of these objects."""
        known = tuple(ids)
        return tuple(text for text in self.named if not any(_is_about(text, identity) for identity in known))


NONE = Consent()
"""Nothing was allowed."""


def reported_when_taken(plan: Plan, consent: Consent) -> set[Diagnostic]:
    """What the plan says of contested fields that this apply takes: the write says it again, with what came of it."""
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

    What has something to lose is replaced only by its name.
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
    """Whether a field is the scope, or something in it."""
    return field == scope or field.startswith((f"{scope}.", f"{scope}["))
