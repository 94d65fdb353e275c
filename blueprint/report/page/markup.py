"""HTML from values. Every text is escaped here and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from blueprint.report.escaping import visible


def esc(text: str) -> str:
    """Text from anywhere, safe as content and inside a quoted attribute."""
    return html.escape(visible(text), quote=True)


def prose(text: str) -> str:
    """A sentence from anywhere, in which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", esc(text))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    names = "".join(f"<th scope=col>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<div class=scroll><table><thead><tr>{names}</tr></thead><tbody>\n{body}</tbody></table></div>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A description list of escaped pairs; nothing for no pairs."""
    items = "".join(f"<dt>{esc(name)}</dt><dd>{esc(text)}</dd>" for name, text in pairs)
    return f"<dl>{items}</dl>" if items else ""
