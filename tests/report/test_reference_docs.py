"""The generated pages of docs/reference/ are up to date with the code."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from blueprint.cli.main import verbs
from blueprint.diagnostics import all_codes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tool", ROOT / "tools" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.pages = cache(module.pages)  # the code does not change between the tests
    return module


def test_the_reference_is_fresh(docs: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_page_is_found_and_rewritten(docs: ModuleType, tmp_path: Path) -> None:
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0
    page = tmp_path / "codes.md"
    page.write_text(page.read_text().replace("internal-error", "external-error"))
    (tmp_path / "cli.md").unlink()
    assert docs.main(["--check"], tmp_path) == 1
    assert "external-error" in page.read_text()
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0


def test_every_code_has_an_anchor_and_every_verb_a_section(docs: ModuleType) -> None:
    pages = docs.pages()
    assert re.findall(r'<a id="(bp\d{4})"></a>', pages["codes.md"]) == [code.id.lower() for code in all_codes()]
    assert re.findall(r"^## blueprint (\S+)$", pages["cli.md"], re.MULTILINE) == verbs()


def test_links_between_pages_lead_somewhere(docs: ModuleType) -> None:
    pages = docs.pages()
    linked = [target for text in pages.values() for target in re.findall(r"\]\(([^)#:]+\.md)", text)]
    assert linked
    assert set(linked) <= set(pages)
