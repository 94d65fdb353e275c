"""Resolves differences that field ownership leaves open: by what was applied, otherwise by a dry run of the suspects
only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.apiserver.managed_fields import content, own_entry, value_at
from blueprint.bundle.model import Object, Path
from blueprint.changes.compare import ABSENT, differences
from blueprint.diagnostics import Note
from blueprint.drift.compare import ObjectComparison
from blueprint.drift.declared import CompareOptions, Difference, FieldPair, declared_differences
from blueprint.drift.model import Finding, FindingKind
from blueprint.drift.ownership import claims_of
from blueprint.drift.view import Live, Unseen, View
from blueprint.kubernetes.defaults import is_default
from blueprint.patterns import lazy_pattern
from blueprint.records import Record, replace
from blueprint.redaction.secrets import is_confidential, is_secret_manifest
from blueprint.report.model import IgnoredDifference
from blueprint.source.paths import format_path

_TIME = lazy_pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
"""A timestamp as written by the API server."""
_STORED_SO = "stored in this form by the server or a webhook: a dry-run of our apply returns the live value"
_SERVER_OWNED = (
    "the server withholds it from every client that applies it: a dry-run of our apply does not own it either"
)
_NOT_APPLIED = Note("not applied yet: the live value comes from an earlier `blueprint apply`")
_NEVER = Note("not applied yet, according to a dry-run")
_OUR_NAME = Note("written under our own manager's name, after the recorded apply and not by it")


class DryRunResult(Record):
    """Findings about one object, and differences that turned out not to be drift."""

    findings: tuple[Finding, ...]
    left_out: tuple[IgnoredDifference, ...] = ()


class DryRunConfirmation:
    """Tier 2. At most one dry run per object, and only for objects that nothing else decides."""

    def __init__(self, view: View, manager: str, *, enabled: bool) -> None:
        self._view = view
        self._manager = manager
        self._enabled = enabled

    def decide(self, obj: Object, manifest: Mapping[str, Any], compared: ObjectComparison) -> DryRunResult:
        """The findings about one object."""
        prediction: Live | Unseen | None = None
        if any(_is_not_ours(d) or not (d.sure or compared.settled) for d in compared.differences):
            prediction = self._predict(manifest)
        server_owned = (
            frozenset(self._server_owned(manifest, prediction, compared))
            if isinstance(prediction, dict)
            else frozenset()
        )
        left_out: list[IgnoredDifference] = []
        findings: list[Finding] = []
        for difference in compared.differences:
            reason = ""
            if isinstance(prediction, dict) and _is_stored_so(difference, prediction):
                reason = _STORED_SO
            elif _is_not_ours(difference) and difference.pair.at in server_owned:
                reason = _SERVER_OWNED
            if reason:
                path = format_path(difference.pair.there, compared.live)
                left_out.append(IgnoredDifference(str(obj.id), path, reason, str(difference.writer or "")))
            else:
                findings.append(_finding(obj, difference, compared, prediction))
        return DryRunResult(tuple(findings), tuple(left_out))

    def _server_owned(
        self, manifest: Mapping[str, Any], prediction: Live, compared: ObjectComparison
    ) -> Iterator[Path]:
        """Declared fields that our apply does not own either: the server withholds them from every applier."""
        pair = FieldPair(manifest, prediction, claims_of(prediction, self._manager))
        after = declared_differences(pair, CompareOptions(compared.options.shape, live=prediction))
        return (difference.pair.at for difference in after if _is_not_ours(difference))

    def unapplied(self, obj: Object, manifest: Mapping[str, Any], live: Live) -> Iterator[Finding]:
        """The fields that would change if a declaration were applied that was never applied, although nothing differs
        from it.

        Without a dry run, the comparison is used instead.
        """
        predicted = self._predict(manifest)
        if isinstance(predicted, Unseen):
            return
        origin = obj.origin(())
        for path, was, then in differences(content(live), content(predicted)):
            name = format_path(path, live if then is ABSENT else predicted)
            yield Finding(FindingKind.MODIFIED, str(obj.id), name, then, was, origin=origin, remarks=(_NEVER,))
        now, soon = (own_entry(state, self._manager) for state in (live, predicted))
        if soon and (now is None or now.fields != soon.fields):
            remarks = (Note("an apply changes only the ownership of fields"),)
            yield Finding(FindingKind.OWNERSHIP_LOST, str(obj.id), origin=origin, remarks=remarks)

    def _predict(self, manifest: Mapping[str, Any]) -> Live | Unseen:
        if not self._enabled:
            return Unseen("dry-runs were disabled")
        try:
            return self._view.predict(manifest, self._manager)
        except Unseen as unseen:
            return unseen


def _is_not_ours(difference: Difference) -> bool:
    """Whether a single field is as declared but not ours. If nothing of an object is ours, no check is needed."""
    return difference.kind is FindingKind.OWNERSHIP_LOST and bool(difference.pair.at)


def _is_stored_so(difference: Difference, predicted: Live) -> bool:
    pair = difference.pair
    return not difference.sure and _is_same_but_for_times(value_at(pair.tokens, predicted), pair.have, pair.want)


def _is_same_but_for_times(predicted: Any, have: Any, want: Any) -> bool:
    """Whether two values are equal, except for undeclared timestamps from the server.

    `timeAdded` of a taint, inside an atomic list, differs in each dry run.
    """
    if predicted == have:
        return True
    if not isinstance(have, Mapping | list) or not isinstance(predicted, type(have)):
        return False
    return all(
        isinstance(was, str) and isinstance(now, str) and _TIME.fullmatch(was) and _TIME.fullmatch(now)
        and _follow(path, want) is ABSENT
        for path, was, now in differences(have, predicted)
    )  # fmt: skip


def _follow(path: Path, value: Any) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def _is_confidential(pair: FieldPair, compared: ObjectComparison) -> bool:
    """Whether it is a Secret, for which no record shows how the server stored a value."""
    return is_secret_manifest(compared.live) and is_confidential(pair.at)


def _filled(pair: FieldPair, compared: ObjectComparison) -> Iterator[Path]:
    """The fields that the server added to a declared atomic value."""
    if isinstance(pair.want, Mapping | list) and isinstance(pair.have, type(pair.want)):
        for path, was, now in differences(pair.want, pair.have):
            there = (*pair.there, *path)
            if was is ABSENT and is_default(there, now, compared.options.shape, compared.live):
                yield path


def _finding(
    obj: Object,
    difference: Difference,
    compared: ObjectComparison,
    prediction: Live | Unseen | None,
) -> Finding:
    pair = difference.pair
    declared = pair.want is not ABSENT
    path = format_path(pair.at, obj.data) if declared else format_path(pair.there, compared.live)
    finding = Finding(
        kind=difference.kind,
        subject=str(obj.id),
        path=path,
        declared=pair.want if path else ABSENT,
        live=pair.have if path else ABSENT,
        writer=difference.writer,
        origin=obj.origin(pair.at),
        filled=frozenset(_filled(pair, compared)),
    )
    if difference.sure:
        return finding
    if compared.settled:
        return replace(finding, remarks=(_NOT_APPLIED,))
    if compared.options.record and not _is_confidential(pair, compared):
        return replace(finding, remarks=(_OUR_NAME,))
    if isinstance(prediction, Unseen):
        why = Note(f"neither a record nor a dry-run decides it: {prediction}")
        return replace(finding, kind=FindingKind.UNKNOWN, remarks=(why,))
    return finding
