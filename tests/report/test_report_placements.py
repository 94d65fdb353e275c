"""The results for workloads in a lab, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from blueprint.records import replace
from blueprint.report import Run
from blueprint.report.context import Context
from blueprint.report.formats import html, markdown, text
from blueprint.report.formats import json as json_format
from blueprint.report.model import PlacedWorkload

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "report.v1.json").read_text("utf-8"))
PLACED = PlacedWorkload("Job/train", "8 nvidia.com/gpu", 3, {"train-0000": 2, "train-0001": 1}, "placed", expected=True)
TOO_BIG = PlacedWorkload(
    "Pod/too-big", "9 nvidia.com/gpu", 1, {}, "not placed", expected=True, reasons=("pool train (4 nodes): offers 8",)
)
WRONG = PlacedWorkload("Pod/team/wrong", "1 nvidia.com/gpu", 1, {}, "refused", expected=False, reasons=("told apart",))
RUN = Run("lab", "small in a lab", placements=(PLACED, TOO_BIG, WRONG), exit_code=1)


def test_text_is_a_table_that_says_simulated_and_what_is_not_as_expected(context: Context) -> None:
    lines = [line.rstrip() for line in text.render(RUN, context).splitlines()]

    assert (
        lines[2:9]
        == [
            "  Object          Requests          Pods    Outcome",
            "  Job/train       8 nvidia.com/gpu  3 of 3  placed (simulated): on train-0000 (2 pods), train-0001",
            "  Pod/too-big     9 nvidia.com/gpu  0 of 1  not placed, as expected: pool train (4 nodes): offers 8",
            "  Pod/team/wrong  1 nvidia.com/gpu  0 of 1  refused, NOT as expected",
            "",
            "No findings. Nothing was done.",
        ][: len(lines[2:9])]
    )


def test_details_that_do_not_fit_stand_below(context: Context) -> None:
    narrow = text.render(RUN, replace(context, width=70)).splitlines()

    assert "      on train-0000 (2 pods), train-0001" in narrow
    assert "      pool train (4 nodes): offers 8" in narrow


def test_a_row_that_does_not_fit_stands_below_its_workload(context: Context) -> None:
    narrow = text.render(RUN, replace(context, width=50, terminal=True)).splitlines()

    assert all(len(line) <= 50 for line in narrow)
    first = narrow.index("  Job/train")
    assert narrow[first + 1] == "      8 nvidia.com/gpu, 3 of 3 pods, placed"
    assert narrow[first + 2] == "      (simulated): on train-0000 (2 pods),"


def test_a_selector_of_any_length_leaves_a_table(context: Context) -> None:
    long = replace(RUN, placements=(replace(PLACED, requests="x" * 500),))

    assert all(len(line) < 140 for line in text.render(long, context).splitlines())


def test_json_has_all_of_it_and_is_of_the_schema(context: Context) -> None:
    document = json.loads(json_format.render(RUN, context))

    jsonschema.validate(document, SCHEMA)
    assert document["placements"][0]["nodes"] == {"train-0000": 2, "train-0001": 1}
    assert [each["expected"] for each in document["placements"]] == [True, True, False]
    assert all(each["simulated"] for each in document["placements"])


@pytest.mark.parametrize("hostile", ["<script>x</script>", "| a | b |", "](http://evil.example)", "\x1b[31m"])
def test_names_of_workloads_are_escaped(hostile: str, context: Context) -> None:
    run = replace(RUN, placements=(replace(WRONG, workload=f"Pod/{hostile}", requests=hostile, reasons=(hostile,)),))

    assert "<script>x" not in html.render(run, context)
    assert "\x1b" not in text.render(run, context) + markdown.render(run, context)
    rows = [line for line in markdown.render(run, context).splitlines() if line.startswith("| `Pod/")]
    assert len(rows) == 1


def test_markdown_and_html_have_the_table(context: Context) -> None:
    assert "| `Pod/too-big` | 9 nvidia.com/gpu | 0 of 1 | not placed, as expected" in markdown.render(RUN, context)
    assert "<h2>Workloads</h2>" in html.render(RUN, context)
    assert "<h2>Workloads</h2>" not in html.render(replace(RUN, placements=()), context)
