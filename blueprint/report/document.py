"""Converts a run to the JSON document defined in `schemas/report.v1.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from blueprint.bundle.origin_codec import source_to_json, span_to_json
from blueprint.changes.compare import ABSENT, FieldChange, ObjectChange
from blueprint.diagnostics import Diagnostic, Span
from blueprint.report.context import Context
from blueprint.report.escaping import encodable
from blueprint.report.model import IgnoredDifference, PlacedWorkload, PoolCheck, ReportedImage, Run, SkippedRule
from blueprint.report.origins import ReportedOrigins
from blueprint.report.record import ReportEntry, WaivedEntry, record_of
from blueprint.source.paths import pointer

SCHEMA_VERSION = "gpublueprint.dev/report/v1"


def document_of(run: Run, context: Context) -> dict[str, Any]:
    """Mappings, lists and scalars that JSON can represent; missing values are omitted, never null."""
    record = record_of(run)
    origins = ReportedOrigins()
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": "blueprint", "version": context.version},
        "verb": run.verb,
        "title": run.title,
        "subject": dict(run.subject),
        "outcome": record.outcome,
        "verdict": record.verdict,
        "exitCode": run.exit_code,
        "counts": {severity.value: number for severity, number in record.counts.items()},
        "changeCounts": {action.value: number for action, number in record.actions.items()},
        "coverage": [
            _without_empty(scope=c.scope, examined=c.examined, unknown=c.unknown, reason=c.reason) for c in run.coverage
        ],
        "notAsked": list(run.out_of_scope),
        **({"leftOut": [_left_out(each) for each in _ordered(run.left_out)]} if run.left_out else {}),
        **({"skippedRules": [_skipped(each) for each in run.skipped_rules]} if run.skipped_rules else {}),
        "diagnostics": [_finding(finding) for finding in record.findings],
        "changes": [_change(change, origins) for change in record.changes],
    }
    if run.placements:
        document["placements"] = [_placement(each) for each in run.placements]
    if run.checks:
        document["checks"] = [_check(check) for check in run.checks]
    if record.waived:
        document["waived"] = [_waived(entry) for entry in record.waived]
    if record.platform:
        document["platform"] = [_part(part, origins) for part in record.platform]
    if run.images:
        document["images"] = [_image(image) for image in run.images]
    if origins.groups:
        document["sourceGroups"] = origins.groups
    return {key: carried(value) for key, value in document.items()}


def carried(value: Any) -> Any:
    """`value` in strict JSON: no lone surrogates, no NaN, only string keys."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {encodable(str(key)): carried(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [carried(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _ordered(left_out: tuple[IgnoredDifference, ...]) -> list[IgnoredDifference]:
    return sorted(left_out, key=lambda each: (each.subject, each.path, each.reason))


def _left_out(each: IgnoredDifference) -> dict[str, Any]:
    return _without_empty(subject=each.subject, path=each.path, reason=each.reason, writer=each.writer)


def _skipped(each: SkippedRule) -> dict[str, Any]:
    return {"rule": each.rule, "codes": list(each.codes), "reason": each.reason}


def _check(check: PoolCheck) -> dict[str, Any]:
    return {
        "pool": check.pool,
        "check": check.check,
        "passed": check.passed,
        "failed": check.failed,
        "unknown": check.unknown,
    }


def _placement(each: PlacedWorkload) -> dict[str, Any]:
    return {
        "workload": each.workload,
        "requests": each.requests,
        "pods": each.pods,
        "nodes": dict(each.nodes),
        "outcome": each.outcome,
        "expected": each.expected,
        "simulated": True,
        "reasons": list(each.reasons),
    }


def _waived(entry: WaivedEntry) -> dict[str, Any]:
    waiver = entry.waiver
    members = _without_empty(
        reason=waiver.reason,
        owner=waiver.owner,
        expires=waiver.expires.isoformat(),
        source="comment" if waiver.is_comment else "file",
        at=_span(waiver.at),
        subject=waiver.subject,
        path=waiver.path,
    )
    return {**_finding(entry), "waiver": members}


def _finding(finding: ReportEntry | WaivedEntry) -> dict[str, Any]:
    diagnostic: Diagnostic = finding.diagnostic
    return _without_empty(
        code=diagnostic.code.id,
        slug=diagnostic.code.slug,
        severity=diagnostic.severity.value,
        message=diagnostic.message,
        fingerprint=finding.fingerprint,
        at=_span(diagnostic.at),
        label=diagnostic.label,
        subject=diagnostic.subject,
        path=diagnostic.path,
        danger=diagnostic.danger and diagnostic.danger.value,
        notes=[_without_empty(message=note.message, at=_span(note.at)) for note in diagnostic.notes],
        evidence=[{"name": name, "text": text} for name, text in diagnostic.evidence],
        help=diagnostic.help,
        commands=list(diagnostic.commands),
        sides=diagnostic.sides and {"declared": diagnostic.sides[0], "live": diagnostic.sides[1]},
        fix=diagnostic.fix and {"at": _span(diagnostic.fix.at), "replacement": diagnostic.fix.replacement},
    )


def _image(image: ReportedImage) -> dict[str, Any]:
    source = image.source
    return _without_empty(
        ref=image.ref,
        name=image.name,
        tag=image.tag,
        digest=image.digest,
        component=image.component,
        pulledBy=image.pulled_by,
        source=source and source_to_json(source),
    )


def _change(change: ObjectChange, origins: ReportedOrigins) -> dict[str, Any]:
    identity = change.id
    return _without_empty(
        object=str(identity),
        group=identity.group,
        kind=identity.kind,
        namespace=identity.namespace,
        name=identity.name,
        action=change.action.value,
        reason=change.reason,
        fields=[_field(field, origins) for field in change.fields],
    )


def _part(change: ObjectChange, origins: ReportedOrigins) -> dict[str, Any]:
    fields = [_field(field, origins) for field in change.fields]
    return _without_empty(part=str(change.id), action=change.action.value, reason=change.reason, fields=fields)


def _field(field: FieldChange, origins: ReportedOrigins) -> dict[str, Any]:
    sides = {"before": field.before, "after": field.after}
    return {
        "path": field.shown,
        "pointer": pointer(field.path),
        **{side: value for side, value in sides.items() if value is not ABSENT},
        **({"origin": origins.to_json(field.origin)} if field.origin else {}),
    }


def _span(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else span_to_json(span)


def _without_empty(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None and value not in ("", [])}
