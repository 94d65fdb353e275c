"""`fmt` moves keys and changes quotes; comments and meaning stay, and a second run changes nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from blueprint.cli.main import main
from blueprint.diagnostics import Refused
from blueprint.source.loader import load_text
from blueprint.spec.formatting import formatted

ROOT = Path(__file__).resolve().parents[2]
BLUEPRINTS = sorted(
    file
    for file in (*ROOT.glob("examples/*/*.yaml"), *ROOT.glob("overlays/*/*.yaml"))
    if "gpublueprint.dev/" in file.read_text("utf-8")  # blueprints may have manifests next to them
)
MESSY = """\
# The licence of this file.

kind: Blueprint # first

# whose language it is
apiVersion: 'gpublueprint.dev/v1alpha2'
spec:
  nodePools:
    zebra: # chosen names keep their order
      # how many
      nodes: 4


      selector: { pool: 'zebra' }
      gpu: {count: 8, product: "H100-SXM5-80GB"}
    aardvark: {selector: {pool: a}, nodes: 1}END
  release: '2026.11'
  cluster:
    os: "ubuntu-24.04"
    kubernetes: "1.36"
metadata: {name: x}
# the end""".replace("END", "   ")
NEAT = """\
# The licence of this file.

# whose language it is
apiVersion: gpublueprint.dev/v1alpha2

kind: Blueprint # first
metadata: {name: x}
spec:
  release: "2026.11"
  cluster:
    kubernetes: "1.36"
    os: ubuntu-24.04
  nodePools:
    zebra: # chosen names keep their order
      # how many
      nodes: 4

      selector: { pool: zebra }
      gpu: {product: H100-SXM5-80GB, count: 8}
    aardvark: {nodes: 1, selector: {pool: a}}
# the end
"""


def test_keys_quotes_and_white_space() -> None:
    assert formatted(MESSY, "x.yaml") == NEAT


def test_a_second_run_changes_nothing() -> None:
    assert formatted(NEAT, "x.yaml") == NEAT


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_what_is_shipped_means_the_same_afterwards(file: Path) -> None:
    text = file.read_text("utf-8")
    new = formatted(text, "x.yaml")
    assert load_text(new, "x.yaml").data == load_text(text, "x.yaml").data
    assert formatted(new, "x.yaml") == new


@pytest.mark.parametrize(
    "text",
    ["kind: Blueprint\nspec:\n  text: |\n    a   \n\n\n    b\n",
     'kind: x\nspec: {a: "yes", b: "1e3", c: "0755", d: "a: b"}\n',
     "kind: x\nspec:\n- kind: b\n  apiVersion: c\n", "kind: 'x''y'\n", "kind: {b: 1, # why\n  a: 2}\n"],
)  # fmt: skip
def test_what_must_stay_stays(text: str) -> None:
    assert load_text(formatted(text, "x.yaml"), "x.yaml").data == load_text(text, "x.yaml").data


def test_an_anchor_that_would_come_after_its_alias_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be formatted"):
        formatted("kind: &a x\napiVersion: *a\n", "x.yaml")


def test_a_file_is_written_and_then_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "blueprint.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + MESSY.replace("\n", "\r\n").encode())
    assert main(["fmt", "--check"]) == 1
    assert main(["fmt"]) == 0
    assert file.read_text() == NEAT
    assert main(["fmt", "--check"]) == 0


def test_a_difference_is_shown_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blueprint.yaml").write_text(MESSY)
    assert main(["fmt", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert '-    os: "ubuntu-24.04"\n' in shown
    assert "+    os: ubuntu-24.04\n" in shown
    assert (tmp_path / "blueprint.yaml").read_text() == MESSY


def test_check_says_which_file_and_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(MESSY)
    (tmp_path / "b.yaml").write_text("kind: [\n")
    assert main(["fmt", "--check", "a.yaml", "b.yaml"]) == 1
    shown = capsys.readouterr().out
    assert "BP0068" in shown
    assert "a.yaml:3:1" in shown
    assert "b.yaml" in shown


def test_standard_input_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == NEAT
