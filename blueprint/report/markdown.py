"""The subset of Markdown that the explanations of codes use: paragraphs, lists, code, emphasis."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator

from blueprint.patterns import lazy_pattern
from blueprint.report.escaping import cells

_SPAN = lazy_pattern(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\[(?P<link>[^\]]+)\]\((?P<url>[^)\s]+)\)")
_ITEM = lazy_pattern(r"\s*(?:[-*]|\d+\.)\s+")


def paragraphs(text: str) -> Iterator[str]:
    """Blocks separated by blank lines; code blocks are not split."""
    yield from (block for block in re.split(r"\n\s*\n(?![ ]{4})", text.strip()) if block.strip())


def to_html(text: str) -> str:
    """Escaped HTML: only the Markdown above becomes markup."""
    return "\n".join(_block_html(block) for block in paragraphs(text))


def to_terminal(text: str, width: int) -> str:
    """Wrapped plain text: emphasis and links lose their markup, code keeps its backticks."""
    return "\n\n".join(_block_text(block, width) for block in paragraphs(text))


def _block_html(block: str) -> str:
    if block.startswith("```"):
        return f"<pre><code>{html.escape(_fenced(block))}</code></pre>"
    if heading := re.match(r"#+ (.*)", block):
        return f"<h4>{_inline_html(heading[1])}</h4>"
    if _ITEM.match(block):
        items = "".join(f"<li>{_inline_html(item)}</li>" for item in _items(block))
        return f"<ul>{items}</ul>"
    return f"<p>{_inline_html(' '.join(block.split()))}</p>"


def _inline_html(text: str) -> str:
    markup, at = "", 0
    for found in _SPAN.finditer(text):
        markup += html.escape(text[at : found.start()])
        if found["code"]:
            markup += f"<code>{html.escape(found['code'])}</code>"
        else:
            markup += f"<strong>{html.escape(found['strong'] or found['link'])}</strong>"
        at = found.end()
    return markup + html.escape(text[at:])


def _block_text(block: str, width: int) -> str:
    if block.startswith("```"):
        return textwrap.indent(_fenced(block), "    ")
    if heading := re.match(r"(#+) (.*)", block):
        title, rest = _plain(heading[2]), block.partition("\n")[2]
        underlined = f"{title}\n{('=' if heading[1] == '#' else '-') * cells(title)}"
        return underlined + (f"\n{_block_text(rest, width)}" if rest.strip() else "")
    if block.lstrip().startswith("|"):
        return "\n".join(_rows(block, width))
    if block.startswith("    "):
        return block
    if _ITEM.match(block):
        return "\n".join(
            textwrap.fill(_plain(item), width, initial_indent="  - ", subsequent_indent="    ")
            for item in _items(block)
        )
    return textwrap.fill(_plain(" ".join(block.split())), width, break_long_words=False, break_on_hyphens=False)


def _rows(table: str, width: int) -> Iterator[str]:
    """A table as a list, because columns would not fit: the first cell of a row is its title, the others follow."""
    lines = [line.strip().strip("|") for line in table.splitlines()]
    rows = [[_plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    for row in rows[2:]:  # after the header and the rule below it
        others = "; ".join(cell for cell in row[1:] if cell)
        text = f"{row[0]}: {others}" if others else row[0]
        yield textwrap.fill(
            text, width, initial_indent="  - ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )


def _plain(text: str) -> str:
    def shown(found: re.Match[str]) -> str:
        """A span as plain text: a link with its address, strong text without its marks, anything else unchanged."""
        if found["url"]:
            return f"{found['link']} ({re.sub(r'^(?:[.][.]/)+', '', found['url'])})"
        return found["strong"] or found[0]

    return _SPAN.sub(shown, text)


def _items(block: str) -> list[str]:
    items: list[str] = []
    for line in block.splitlines():
        if _ITEM.match(line) or not items:
            items.append(_ITEM.sub("", line, count=1))
        else:
            items[-1] += f" {line.strip()}"
    return items


def _fenced(block: str) -> str:
    lines = block.splitlines()[1:]
    return "\n".join(lines[:-1] if lines and lines[-1].startswith("```") else lines)
