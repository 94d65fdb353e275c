"""For programs: everything, as `schemas/report.v1.json` describes it, the same bytes every time."""

from __future__ import annotations

import json

from blueprint.report.context import Context
from blueprint.report.document import document_of
from blueprint.report.model import Run


def render(run: Run, context: Context) -> str:
    r"""The run as JSON in ASCII, `<`, `>` and `&` escaped: it can stand in a terminal, a log or a page."""
    text = json.dumps(document_of(run, context), indent=2, ensure_ascii=True, allow_nan=False, default=str)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026") + "\n"
