"""JSON for programs: everything, as defined in `schemas/report.v1.json`, deterministic to the byte."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from blueprint.report.context import Context
from blueprint.report.document import document_of
from blueprint.report.model import Run


def render(run: Run, context: Context) -> str:
    r"""The run as JSON in ASCII, with `<`, `>` and `&` escaped, so that it is safe in a terminal, a log or a page."""
    text = _in_ascii(_dumped(document_of(run, context)))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026") + "\n"


def _dumped(document: dict[str, Any]) -> str:
    """The document as JSON. Numbers beyond 64 bits require the slower of the two libraries."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    except TypeError:
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _in_ascii(text: str) -> str:
    """The document with all non-ASCII characters written as escapes."""
    return text if text.isascii() else re.sub(r"[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)
