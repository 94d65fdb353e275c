"""Diagnostics: the findings of the tool, as data. Imports only the standard library."""

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
from blueprint.diagnostics.spelling import Comparisons, known_names, nearest

__all__ = [
    "Code",
    "Comparisons",
    "Danger",
    "Diagnostic",
    "Fix",
    "Note",
    "Refused",
    "Severity",
    "Span",
    "all_codes",
    "define",
    "find_code",
    "has_errors",
    "in_order",
    "known_names",
    "nearest",
]
