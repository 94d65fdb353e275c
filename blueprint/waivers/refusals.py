"""Codes that can never be waived, with the reason: there is nothing that could be accepted."""

from __future__ import annotations

from blueprint.diagnostics import Code, Severity

_UNREAD = "input that cannot be understood has no result that a waiver could accept"
_NAMELESS = "the affected part would be omitted, which changes the platform"
_INTEGRITY = "a bundle must be exactly what was compiled"
_UNSEEN = "it reports something that was not examined, which never counts as clean"
_CLUSTER = "without this response from the cluster there is no result"

_RANGES = (
    ("BP0000", "BP0999", "it concerns the tool itself, not the platform"),
    ("BP3900", "BP3999", _UNREAD),
    ("BP4010", "BP4029", _INTEGRITY),
    ("BP4033", "BP4039", _UNSEEN),
    ("BP7000", "BP7029", _CLUSTER),
    ("BP8010", "BP8014", _UNSEEN),
    ("BP8030", "BP8049", _UNSEEN),
    ("BP8080", "BP8089", _UNSEEN),
    ("BP9900", "BP9999", _UNSEEN),
)
"""First and last code, and the reason."""
_SINGLE = {
    "BP3001": _NAMELESS,
    "BP3101": _NAMELESS,
    "BP3102": _NAMELESS,
    "BP3106": _NAMELESS,
    "BP3150": _NAMELESS,
    "BP3153": _NAMELESS,
    "BP3163": _NAMELESS,
    "BP3171": _NAMELESS,
    "BP3201": _NAMELESS,
    "BP3202": _NAMELESS,
    "BP3203": _NAMELESS,
    "BP3501": _NAMELESS,
    "BP3591": _NAMELESS,
    "BP5014": "files of a bundle are named after objects",
    "BP5020": "one of the two objects would be lost",
    "BP5023": _UNSEEN,
    "BP5025": _UNSEEN,
    "BP7036": "a plan is applied as it was approved, or not at all",
    "BP7037": "a plan is applied as it was approved, or not at all",
    "BP7043": _UNSEEN,
    "BP7044": "the change was not written",
    "BP8023": _UNSEEN,
    "BP8069": _UNSEEN,
    "BP8071": _UNSEEN,
    "BP9001": _UNSEEN,
}
_OF_ERRORS = {"BP1": _UNREAD, "BP2": _UNREAD, "BP40": _NAMELESS}
"""Phases whose warnings can be waived, but not their errors."""


def refusal_of(code: Code) -> str | None:
    """The reason why findings with this code can never be waived; None if they can."""
    if reason := _SINGLE.get(code.id):
        return reason
    if found := next((reason for first, last, reason in _RANGES if first <= code.id <= last), None):
        return found
    if code.severity is not Severity.ERROR:
        return None
    return next((reason for prefix, reason in _OF_ERRORS.items() if code.id.startswith(prefix)), None)
