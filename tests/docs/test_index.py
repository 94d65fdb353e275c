"""Everything can be found: every page from the index, every example from its list, every link has its target."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "index.md"
EXAMPLES = ROOT / "examples" / "README.md"
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[(?:[^\]`]|`[^`]*`)*\]\((?!https?:|mailto:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    if (ROOT / name).is_file() and not name.startswith(("tests/", "blueprint/"))
)


def links(page: Path) -> list[tuple[Path, str]]:
    """File and anchor of every relative link; the anchor may be empty."""
    found = [link.partition("#") for link in LINK.findall(CODE.sub("", page.read_text("utf-8")))]
    return [((page.parent / file).resolve() if file else page, anchor) for file, _, anchor in found]


def anchors(page: Path) -> set[str]:
    """The possible anchors of links: headings as GitHub converts them, and explicit anchors."""
    text = page.read_text("utf-8")
    headings = HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    made = {
        re.sub(r"[^\w\- ]", "", re.sub(r"<[^>]*>", "", each).lower()).strip().replace(" ", "-") for each in headings
    }
    return made | set(re.findall(r'<a id="([^"]+)"', text))


def reachable(start: Path) -> set[Path]:
    """The pages that can be reached by following links."""
    seen, ahead = set(), [start]
    while ahead:
        page = ahead.pop()
        if page not in seen and page.suffix == ".md" and page.is_relative_to(INDEX.parent):
            seen.add(page)
            ahead += [file for file, _ in links(page) if file.is_file()]
    return seen


def test_every_page_can_be_reached_from_the_index() -> None:
    assert sorted(set((ROOT / "docs").rglob("*.md")) - reachable(INDEX)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_its_place(page: Path) -> None:
    known: dict[Path, set[str]] = {}
    for file, anchor in links(page):
        assert file.exists(), file
        if anchor and file.suffix == ".md":
            assert anchor in known.setdefault(file, anchors(file)), f"{file.name}#{anchor}"


def test_every_example_is_listed_with_its_story() -> None:
    there = {path.parent.name for path in (ROOT / "examples").glob("*/blueprint.yaml")}
    rows = re.findall(r"(?m)^\| \[([\w-]+)\]\(\1/blueprint\.yaml\) \| .{30,} \|$", EXAMPLES.read_text("utf-8"))
    assert sorted(rows) == sorted(there)


def test_the_list_of_examples_is_found() -> None:
    for page in (INDEX, ROOT / "README.md"):
        assert (EXAMPLES, "") in links(page)


def test_a_page_that_nothing_leads_to_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the checks can fail."""
    index = tmp_path / "index.md"
    index.write_text("[a](a.md#there) `[no](no.md)`\n")
    (tmp_path / "a.md").write_text("# There\n")
    (tmp_path / "lost.md").write_text("[a](a.md#not-there)\n")
    monkeypatch.setitem(globals(), "INDEX", index)
    assert reachable(index) == {index, tmp_path / "a.md"}
    assert anchors(tmp_path / "a.md") == {"there"}
    assert links(tmp_path / "lost.md") == [(tmp_path / "a.md", "not-there")]
