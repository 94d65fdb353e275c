"""The configuration on the pages about Argo CD, Flux and GitLab is valid for these tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from blueprint.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def blocks(name: str) -> list[str]:
    page = (ROOT / "docs" / "how-to" / name).read_text("utf-8")
    return re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)


def test_the_commands_of_the_page_name_files_that_the_bundle_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "how-to" / "gitops.md").read_text("utf-8")
    [blueprint] = re.findall(r"```yaml title=blueprint.yaml\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blueprint.yaml").write_text(blueprint)
    assert main(["compile", "-o", "bundle"]) == 0
    named = re.findall(r"kubectl apply .*-f (\S+)", page)
    assert len(named) == 3
    assert [name for name in named if not (tmp_path / name).exists()] == []


def test_the_component_is_given_inputs_that_it_has() -> None:
    [include] = [yaml.safe_load(block)["include"] for block in blocks("gitlab.md") if block.startswith("include:")]
    inputs = next(yaml.safe_load_all((ROOT / "templates" / "blueprint.yml").read_text("utf-8")))["spec"]["inputs"]
    assert set(include[0]["inputs"]) <= set(inputs)
    assert {name for name, about in inputs.items() if "default" not in about} <= set(include[0]["inputs"])
