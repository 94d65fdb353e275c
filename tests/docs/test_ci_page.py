"""The workflow of the how-to on continuous integration works as written, in a clone like that of the job."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "validate-in-ci.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "h100-training" / "blueprint.yaml"
BY_ACTION, WORKFLOW = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(name: .*?)```", PAGE, re.DOTALL)]
JOB = WORKFLOW["jobs"]["blueprint"]
OURS = [step["run"] for step in JOB["steps"] if "blueprint " in step.get("run", "") and "pip " not in step["run"]]


def step(uses: str) -> dict[str, Any]:
    """The step that uses an action."""
    [found] = [each for each in JOB["steps"] if each.get("uses", "").startswith(f"{uses}@")]
    return found


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def clone(tmp_path: Path, old: str, new: str, depth: int) -> Path:
    """The branch of a pull request, as checkout leaves it: `depth` commits (0: all of them, and the target branch)."""
    origin = tmp_path / "origin"
    file = origin / JOB["env"]["BLUEPRINT"]
    file.parent.mkdir(parents=True)
    git(origin, "init", "-q", "-b", "main")
    file.write_text(EXAMPLE.read_text("utf-8"))
    compiled(origin)
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "one")
    git(origin, "checkout", "-qb", "change")
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    compiled(origin)
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "two")
    here = tmp_path / "here"
    git(
        tmp_path,
        "clone",
        "-q",
        "-b",
        "change",
        *(["--depth", str(depth)] if depth else []),
        f"file://{origin}",
        str(here),
    )
    return here


def compiled(folder: Path) -> int:
    """The exit code of `blueprint compile` in the clone."""
    with chdir(folder):
        return main(["compile", JOB["env"]["BLUEPRINT"], "-o", JOB["env"]["BUNDLE"]])


def command(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A step of the job, run as GitHub does: `bash -e`."""
    (folder / "bin").mkdir(exist_ok=True)
    tool = folder / "bin" / "blueprint"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m blueprint "$@"\n')
    tool.chmod(0o755)
    environment = {
        **os.environ, **JOB["env"], "PATH": f"{tool.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": "summary.md",
    }  # fmt: skip
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("spec:\n", "# why\nspec:\n", [0, 0, 0]),
        ("nodes: 4", "nodes: 64", [0, 0, 0]),
        ("release:", "realease:", [1, 1, 1]),
    ],
    ids=["a comment", "a change", "a broken blueprint"],
)
def test_the_steps_pass_and_fail_where_they_should(old: str, new: str, codes: list[int], tmp_path: Path) -> None:
    assert "with" not in step("actions/checkout"), "a checkout has one commit"
    here = clone(tmp_path, old, new, 1)
    done = [command(here, script) for script in OURS]
    assert [each.returncode for each in done] == codes, [each.stdout + each.stderr for each in done]
    assert (here / "findings.sarif").is_file()
    assert (here / "summary.md").read_text() == (here / "diff.md").read_text()
    assert ("64" in (here / "diff.md").read_text()) == ("64" in new)


def test_in_a_shallow_clone_the_message_shows_how_to_fetch_the_target_branch(tmp_path: Path) -> None:
    here = clone(tmp_path, "nodes: 4", "nodes: 64", 1)
    diff = "\n".join(line for line in OURS[-1].splitlines() if not line.startswith("git fetch"))
    said = " ".join(command(here, diff).stdout.split())
    [way_out] = set(re.findall(r"`(git fetch [^`]+)`", said))
    assert way_out in PAGE
    assert "fetch-depth: 0" in said
    git(here, *way_out.split()[1:])
    assert command(here, diff).returncode == 0


def test_the_action_is_given_what_it_takes() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    [used] = [each for each in BY_ACTION["jobs"]["blueprint"]["steps"] if "OWNER/" in each["uses"]]
    assert set(used["with"]) <= set(action["inputs"])
    [upload] = [each for each in BY_ACTION["jobs"]["blueprint"]["steps"] if "upload-sarif" in each["uses"]]
    assert upload["with"]["sarif_file"] == action["inputs"]["sarif"]["default"]


def test_the_hooks_of_the_page_are_there() -> None:
    [block] = re.findall(r"```yaml\n(repos:.*?)```", PAGE, re.DOTALL)
    known = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert {each["id"] for each in yaml.safe_load(block)["repos"][0]["hooks"]} <= known


def test_the_permissions_and_tools_of_the_steps_are_declared() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read", "security-events": "write", "pull-requests": "write"}
    assert step("github/codeql-action/upload-sarif")["with"]["sarif_file"] in OURS[0]
    [comment] = [each for each in JOB["steps"] if "gh pr comment" in each.get("run", "")]
    assert "diff.md" in comment["run"]
    assert "GH_TOKEN" in comment["env"]
    assert not re.search(r"pip install \"?gpu-platform-blueprint", PAGE), "it is on no index"
