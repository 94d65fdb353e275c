"""The templates of the page and their filters. All text is made safe and escaped here, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup, escape

from blueprint.patterns import lazy_pattern
from blueprint.report.escaping import visible
from blueprint.report.markdown import to_html
from blueprint.text_templates import TextTemplates

_FOLDER = Path(__file__).parent
_CODE = lazy_pattern(r"`([^`]+)`")


def prose(text: str) -> Markup:
    """An untrusted sentence, in which text between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704 - escaped just here


def explanation(text: str) -> Markup:
    """The Markdown of a code's page, as HTML."""
    return Markup(to_html(text))  # noqa: S704 - it escapes all that it does not make


def style_sheet() -> Markup:
    """The unmodified style sheet."""
    return Markup((_FOLDER / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - a file of ours


PAGE = TextTemplates(_FOLDER, html=True, shown=visible, filters={"prose": prose, "explanation": explanation})
