"""Field values on one line."""

from __future__ import annotations

import json
from typing import Any

from blueprint.changes.compare import ABSENT
from blueprint.redaction.secrets import Redacted
from blueprint.report.escaping import visible

LONGEST = 120


def one_line(value: Any, longest: int = LONGEST) -> str:
    """A value as JSON on one line, truncated to `longest`, without control characters."""
    if value is ABSENT:
        return "(absent)"
    if isinstance(value, Redacted):
        return str(value)
    text = visible(json.dumps(value, ensure_ascii=False, default=str, sort_keys=True))
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
