"""The configuration of a project: one file, found once; its mistakes are reported once, at their positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.cli.configuration import find_configuration
from blueprint.cli.main import main
from blueprint.diagnostics import Refused

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'x:1'}]}\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "team" / "jobs").mkdir(parents=True)
    (tmp_path / "team" / "jobs" / "pod.yaml").write_text(POD)
    monkeypatch.chdir(tmp_path)


def test_the_nearest_file_counts_alone() -> None:
    Path("pyproject.toml").write_text('[tool.blueprint]\nwaivers = "all.yaml"\n')
    found = find_configuration("team/jobs/pod.yaml")
    assert found
    assert (found.file, found.values) == ("pyproject.toml", {"waivers": "all.yaml"})
    Path("team/.blueprint.toml").write_text('[rules]\nprofile = "strict"\n')
    found = find_configuration("team/jobs/pod.yaml")
    assert found
    assert (found.file, found.values) == ("team/.blueprint.toml", {"rules": {"profile": "strict"}})


def test_a_pyproject_of_another_tool_is_not_a_configuration() -> None:
    Path("pyproject.toml").write_text("[tool.black]\nthis is not even TOML\n")
    assert find_configuration("team/jobs/pod.yaml") is None


def test_nothing_above_the_repository_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "team" / ".git").mkdir()
    Path(".blueprint.toml").write_text('waivers = "all.yaml"\n')
    assert find_configuration("team/jobs/pod.yaml") is None


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("[rules\n", 1, 7, "not TOML"),
        ('waiver = "a.yaml"\n', 1, 1, "unknown key waiver"),
        ('[rules]\nprofile = "strict"\n[rulez]\n', 3, 1, "unknown key rulez"),
    ],
)
def test_mistakes_have_their_place(text: str, line: int, column: int, message: str) -> None:
    Path(".blueprint.toml").write_text(text)
    with pytest.raises(Refused) as refused:
        find_configuration("team/jobs/pod.yaml")
    [found] = refused.value.diagnostics
    assert refused.value.exit_code == 2
    assert found.at
    assert (found.code.id, found.at.line, found.at.column) == ("BP0061", line, column)
    assert message in found.message


def test_a_mistake_is_reported_once_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Rules and waivers both read the file."""
    Path(".blueprint.toml").write_text('waivers = 3\n[rules]\nselect = ["BP6101"]\n')
    assert main(["lint", "team/jobs"]) == 2
    text = capsys.readouterr().out
    assert text.count("error[") == 1
    assert "1 | waivers = 3" in text
