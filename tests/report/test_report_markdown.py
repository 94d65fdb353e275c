"""Foreign Markdown is inert, and our own is readable in a terminal and on a page."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from blueprint.report.context import Context
from blueprint.report.formats import markdown
from blueprint.report.formats.markdown import block, inline, prose
from blueprint.report.markdown import to_html, to_terminal
from tests.support import report_sample as sample

HOSTILE = (
    "[a](http://evil.example)", "<img src=x onerror=alert(1)>", "# heading", "- item", "`` ` ```", "![x](y)", "**b**",
    "| a | b |", "&lt;script&gt;", "***", "~~x~~", "http://evil.example", "1. one", "a\n\n# b", "\\`", "`", "",
    "    code", "> quote", "--- ", "[ref]: http://evil.example", "<!-- c -->", "+ x",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_from_outside_is_only_text_and_code(text: str) -> None:
    [_, content, *_] = [*MarkdownIt("gfm-like", {"linkify": False}).parse(f"x {prose(text)}"), None, None]
    kinds = {token.type for token in (content.children or [])}
    assert kinds <= {"text", "code_inline", "text_special"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_code_span_holds_exactly_the_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"- at: {inline(text)}")
    spans = [child for token in tokens for child in (token.children or []) if child.type == "code_inline"]
    assert [span.content.strip() for span in spans] == [text.replace("\n", "\\n").strip()]


@pytest.mark.parametrize("text", ["plain", "```\n# out", "````", "~~~"])
def test_a_code_block_is_not_left(text: str) -> None:
    [token] = MarkdownIt("commonmark").parse(block(text))
    assert (token.type, token.content) == ("fence", f"{text}\n")


@pytest.mark.parametrize("text", ["@everyone look", "see www.evil.example", "closes owner/repo#1"])
def test_what_hosts_turn_into_links_is_code(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(prose(text))
    said = "".join(child.content for token in tokens for child in (token.children or []) if child.type == "text")
    assert not any(mark in said for mark in ("@", "www.", "#1"))


def test_explanations_become_html_without_foreign_markup() -> None:
    text = "A `<b>` & **bold** word.\n\n- one\n  more\n- two\n\n```yaml\na: <b>\n```\n\n# Head <i>"
    assert to_html(text) == (
        "<p>A <code>&lt;b&gt;</code> &amp; <strong>bold</strong> word.</p>\n<ul><li>one more</li><li>two</li></ul>\n"
        "<pre><code>a: &lt;b&gt;</code></pre>\n<h4>Head &lt;i&gt;</h4>"
    )


def test_explanations_are_wrapped_for_a_terminal() -> None:
    text = (
        "# Title\n\n"
        + "word " * 30
        + "\n\n- an item that is long enough to be wrapped\n- **two** [a](b)\n\n```\nx:  y\n```"
    )
    told = to_terminal(text, 40)
    assert told.startswith("Title\n=====\n\nword word")
    assert max(map(len, told.splitlines())) <= 40
    assert "  - an item that is long enough to be\n    wrapped\n  - two a (b)" in told
    assert told.endswith("    x:  y")


def test_a_text_of_several_lines_is_shown_as_a_diff(context: Context) -> None:
    told = markdown.render(sample.RUNS["changes"], context)
    fences = [token.content for token in MarkdownIt("commonmark").parse(told) if token.type == "fence"]
    assert fences == ["@@ -1,3 +1,3 @@\n a: 1\n-b: 2\n+b: 4\n c: 3\n"]


def test_a_table_becomes_a_list_that_fits_a_terminal() -> None:
    table = (
        "| Key | What | Why |\n| --- | --- | --- |\n| `a` | [one](../../docs/one.md) | "
        + "word " * 20
        + "|\n| b |  | |\n"
    )
    told = to_terminal(f"# Head\n\n{table}", 40)
    assert max(map(len, told.splitlines())) <= 40
    assert "  - `a`: one (docs/one.md); word word" in told
    assert told.endswith("  - b")
    assert "---" not in told.partition("Head")[2]
