"""The HTML report: well-formed, every link has a target, filters work without a script, and the page is accessible.

If Chromium and axe-core are available (`BLUEPRINT_AXE` names axe.min.js, of the npm package axe-core), the pages are
also checked in a browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from blueprint.diagnostics import Danger, Diagnostic, Severity
from blueprint.records import replace
from blueprint.report import Run
from blueprint.report.context import Context
from blueprint.report.formats import html
from blueprint.report.model import PoolCheck
from blueprint.report.page.side_by_side import DiffRow, side_by_side
from tests.support import report_sample as sample

_VOID = {"meta", "br", "link", "hr", "img", "input"}
SINCE = "2026-11-29T07:22:00Z"


def drifted(subject: str, path: str = "spec.x", writer: str = "mallory", **more: object) -> Diagnostic:
    evidence = (
        ("declared", "1"),
        ("live", "2"),
        ("writer", writer),
        ("since", "2026-11-29T07:22:00Z"),
        ("uid", "85b0"),
    )
    return Diagnostic(
        sample.DRIFT,
        f"{subject}: {path} is 2, declared 1",
        subject=subject,
        path=path,
        evidence=evidence,
        at_length=frozenset({"uid"}),
        **more,
    )


DRIFT = Run(
    "drift",
    "Drift of prod-eu 1.4.0 against gpu-prod",
    diagnostics=(
        drifted("Deployment/x/a", sides=("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 4\nc: 3\n")),
        drifted("Deployment/x/b", "spec.template.spec.hostNetwork", "eve", danger=Danger.HOST_ACCESS),
        replace(drifted("Node/n"), override=Severity.WARNING, evidence=(("pool", "train"), ("live", "2"))),
        replace(drifted("Node/m"), override=Severity.WARNING, evidence=(("pool", "lab"), ("live", "2"))),
    ),
    checks=(PoolCheck("train", "ecc-mode", 3, 1), PoolCheck("lab", "ecc-mode", unknown=2), PoolCheck("lab", "nvml", 2)),
    subject={"blueprint": "prod-eu 1.4.0", "context": "gpu-prod", "server": "https://10.0.0.1:6443", "cluster": "59cb",
             "compared": "2026-11-29T07:22:00Z"},
    verdict="Drift: 4 differences in 4 objects, from 3 causes.",
    exit_code=1,
)  # fmt: skip


class Page(HTMLParser):
    """The page's tags as a strict browser reads them: every element is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.problems: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        if len(known) < len(attributes):
            self.problems.append(f"<{tag}> has an attribute twice")
        if known.get("id"):
            self.ids.append(known["id"] or "")
        if tag == "a":
            self.links.append(known.get("href") or "")
        if {"p"} & set(self.open) and tag in {"p", "div", "table", "ul", "dl", "details", "figure", "pre", "section"}:
            self.problems.append(f"<{tag}> in <p>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes another element")


def page(run: Run, context: Context) -> str:
    return html.render(run, context)


@pytest.mark.parametrize("run", [*sample.RUNS.values(), DRIFT], ids=[*sample.RUNS, "drift"])
def test_elements_are_closed_ids_are_unique_and_links_lead_somewhere(run: Run, context: Context) -> None:
    told = Page(page(run, context))
    assert (told.problems, told.open) == ([], [])
    assert len(told.ids) == len(set(told.ids))
    assert {link for link in told.links if link.removeprefix("#") not in told.ids} == set()


def test_the_check_of_elements_can_fail() -> None:
    assert Page("<div><b></div></b>").problems
    assert Page("<p><table></table></p>").problems == ["<table> in <p>"]


def test_the_page_begins_with_what_where_when_and_the_verdict(context: Context) -> None:
    text = unescape(page(DRIFT, context))
    sentence = re.search(r'<p class="verdict findings"><span>(.*?)</span>', text)
    assert sentence
    assert sentence[1] == (
        "prod-eu 1.4.0 in gpu-prod (https://10.0.0.1:6443, uid 59cb), compared 2026-11-29T07:22:00Z: "
        "Drift: 4 differences in 4 objects, from 3 causes."
    )


def test_each_finding_has_a_row_that_leads_to_its_details(context: Context) -> None:
    text = page(DRIFT, context)
    rows = re.findall(
        r'<tr class="[^"]*"><td><span class="badge \w+">\w+</span> <a href="#(finding-\d)">.*?</tr>', text
    )
    assert rows == [f"finding-{n}" for n in range(1, 5)]
    assert re.search(
        r'<td class="mono">Deployment/x/a</td><td class="mono">spec\.x</td><td class="mono">1</td>'
        r'<td class="mono">2</td><td>mallory</td><td>2026-11-29T07:22:00Z</td>',
        text,
    )


def test_findings_are_ordered_by_danger(context: Context) -> None:
    subjects = re.findall(r'</a></td><td class="mono">([^<]*)</td>', page(DRIFT, context))
    assert subjects == ["Deployment/x/b", "Deployment/x/a", "Node/m", "Node/n"]


def test_filters_need_no_script(context: Context) -> None:
    """Each value has an anchor before the rows, a link to it, a style rule, and a class on the rows that it shows."""
    text = page(DRIFT, context)
    told = Page(text)
    anchors = [link[1:] for link in told.links if re.fullmatch(r"#(severity|pool|writer)-\d+", link)]
    assert anchors == ["severity-1", "severity-2", "pool-1", "pool-2", "writer-1", "writer-2"]
    for anchor in anchors:
        assert f"#{anchor}:target ~ .cards > :not(.{anchor})" in text
        assert text.index(f'id="{anchor}"') < text.index('<div class="cards">')
        assert len(re.findall(rf'<details class="finding [^"]*\b{anchor}\b', text)) >= 1


def test_details_are_folded(context: Context) -> None:
    text = page(DRIFT, context)
    folded = re.findall(r'<details class="more"><summary>Evidence</summary>(.*?)</details>', text, re.DOTALL)
    assert all("<dt>fingerprint</dt>" in each for each in folded)
    assert sum("<dt>uid</dt><dd>85b0</dd>" in each for each in folded) == 2
    assert (
        "uid"
        not in re.sub(r'<details class="more">.*?</details>|<script.*', "", text, flags=re.DOTALL)
        .split("<h2>Findings</h2>")[1]
        .split("<h2>Inputs</h2>")[0]
    )


def test_many_findings_are_folded_and_few_are_not(context: Context) -> None:
    few, many = (
        page(Run("lint", "", tuple(drifted(f"Pod/{n}") for n in range(count)), exit_code=1), context)
        for count in (10, 11)
    )
    opened = [len(re.findall(r'<details class="finding[^>]* open>', each)) for each in (few, many)]
    assert opened == [10, 0]


def test_values_stand_side_by_side_and_a_difference_is_not_an_error(context: Context) -> None:
    text = page(DRIFT, context)
    assert '<tr class="differs"><td>b: 2</td><td>b: 4</td></tr>' in text
    assert '<tr class="same"><td>a: 1</td><td>a: 1</td></tr>' in text
    differs = page(replace(sample.RUNS["platform"], exit_code=1), context)
    assert '<p class="verdict differs">' in differs


def test_common_lines_far_from_a_difference_are_cut() -> None:
    lines = [f"line {n}" for n in range(100)]
    rows = side_by_side("\n".join(lines), "\n".join([*lines[:50], "new", *lines[50:]]))
    assert [row for row in rows if row.kind == "differs"] == [DiffRow("differs", None, "new")]
    assert sum(row.kind == "gap" for row in rows) == 2
    assert len(rows) == 7


def test_the_matrix_tells_failed_unknown_and_passed_apart_in_words_too(context: Context) -> None:
    text = page(DRIFT, context)
    cells = re.findall(r'<td class="(failed|unknown|passed|none)">(.*?)</td>', text)
    assert cells == [("unknown", "2 unknown"), ("passed", "2 ok"), ("failed", "1 failed, 3 ok"), ("none", "")]


def test_nothing_is_loaded_and_no_script_runs(context: Context) -> None:
    text = page(DRIFT, context)
    assert "default-src 'none'" in text
    assert re.findall(r"<script(?! type=\"application/json\")|\bsrc=|url\(|@import|\bon\w+=", text) == []


def _browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium on PATH")
    return found


def _dom(text: str, folder: Path, *flags: str) -> str:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    command = [_browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    arguments = ["--virtual-time-budget=20000", *flags, "--dump-dom", file.as_uri()]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("run", [*sample.RUNS.values(), DRIFT], ids=[*sample.RUNS, "drift"])
def test_axe_finds_nothing_in_the_page(run: Run, context: Context, tmp_path: Path) -> None:
    """With everything unfolded; the policy that forbids scripts is removed, because otherwise axe could not run."""
    if not (axe := os.environ.get("BLUEPRINT_AXE")):
        pytest.skip("BLUEPRINT_AXE does not name axe.min.js")
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page(run, context))
    script = (
        f"<script>{Path(axe).read_text(encoding='utf-8')}</script><script>"
        "document.querySelectorAll('details').forEach(each => each.open = true);"
        "axe.run().then(found => { const told = document.createElement('pre'); told.id = 'axe';"
        "told.textContent = JSON.stringify(found.violations.map(each => [each.id, each.nodes.map(n => n.html)]));"
        "document.body.append(told) })</script>"
    )
    told = _dom(text.replace("</body>", f"{script}</body>"), tmp_path)
    result = re.search(r'<pre id="axe">(.*?)</pre>', told, re.DOTALL)
    assert result
    assert json.loads(unescape(result[1])) == []


@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_overflows_the_page(width: int, context: Context, tmp_path: Path) -> None:
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page(DRIFT, context))
    script = (
        "<script>document.querySelectorAll('details').forEach(each => each.open = true);"
        "document.body.dataset.out = document.documentElement.scrollWidth - window.innerWidth</script>"
    )
    told = _dom(text.replace("</body>", f"{script}</body>"), tmp_path, f"--window-size={width},900")
    out = re.search(r'data-out="(-?\d+)"', told)
    assert out
    assert int(out[1]) <= 0
