"""Diagnostics: what the tool finds, as data. A leaf: the standard library only."""

from blueprint.diagnostics.model import (
    Code,
    Danger,
    Diagnostic,
    Fix,
    Note,
    Refused,
    Severity,
    Span,
    has_errors,
    in_order,
)
from blueprint.diagnostics.registry import all_codes, define, find_code
from blueprint.diagnostics.spelling import Suggestions, bounded_comparisons, known_names, nearest

__all__ = [
    "Code",
    "Danger",
    "Diagnostic",
    "Fix",
    "Note",
    "Refused",
    "Severity",
    "Span",
    "Suggestions",
    "all_codes",
    "bounded_comparisons",
    "define",
    "find_code",
    "has_errors",
    "in_order",
    "known_names",
    "nearest",
]
