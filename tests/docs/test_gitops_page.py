"""What the pages on Argo CD, Flux and GitLab tell people to write is what those tools take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from blueprint.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def blocks(name: str) -> list[str]:
    page = (ROOT / "docs" / "how-to" / name).read_text("utf-8")
    return re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("kind", ["Application", "Kustomization"])
def test_objects_of_the_page_are_as_their_definitions_say(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [text] = [block for block in blocks("gitops.md") if f"kind: {kind}\n" in block]
    (tmp_path / "object.yaml").write_text(text)
    assert main(["lint", str(tmp_path / "object.yaml"), "--require-schemas", "--report", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {each["code"] for each in found} == {"BP5104"}, "the namespace is that of the controller"
    (tmp_path / "object.yaml").write_text(text.replace("spec:\n", "spec:\n  nonsense: 1\n", 1))
    assert main(["lint", str(tmp_path / "object.yaml")]) == 1, "the check can fail"


def test_the_component_is_given_inputs_that_it_has() -> None:
    [include] = [yaml.safe_load(block)["include"] for block in blocks("gitlab.md") if block.startswith("include:")]
    inputs = next(yaml.safe_load_all((ROOT / "templates" / "blueprint.yml").read_text("utf-8")))["spec"]["inputs"]
    assert set(include[0]["inputs"]) <= set(inputs)
    assert {name for name, about in inputs.items() if "default" not in about} <= set(include[0]["inputs"])
