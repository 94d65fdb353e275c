"""The files with which others run the tool: GitHub action, GitLab component, pre-commit hooks, container image.

Their steps run here as scripts, in a clone of one commit as a job has it. Not tested here, since there are neither such
runners nor a container engine: `uses:` of other actions, the steps that install, building and starting the image.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import yaml

from blueprint.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TEXT = (ROOT / "examples" / "h100-training" / "blueprint.yaml").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INPUTS, COMPONENT = yaml.safe_load_all((ROOT / "templates" / "blueprint.yml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
CHANGES = [("nodes: 4", "nodes: 64"), ("spec:\n", "# why\nspec:\n"), ("release:", "realease:")]
NAMES = ["a change", "a comment", "a broken blueprint"]
Change = tuple[str, str]
Clone = Callable[[Path, Change | None], Path]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def tool(folder: Path) -> Path:
    """A folder that contains `blueprint`, as an installation would create it."""
    (folder / "bin").mkdir(exist_ok=True)
    file = folder / "bin" / "blueprint"
    file.write_text(f'#!/bin/sh\nexec {sys.executable} -m blueprint "$@"\n')
    file.chmod(0o755)
    return file.parent


def bash(folder: Path, script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    known = {"PATH": f"{tool(folder.parent)}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(folder.parent)}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder, env=os.environ | known | environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shallow_clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Clone the last commit of a branch into a new folder; the target branch is not included."""
    folder = tmp_path_factory.mktemp("origins")

    @cache
    def origin(change: Change | None) -> Path:
        return repository_with(change, Path(mkdtemp(dir=folder)) / "origin")

    def clone(into: Path, change: Change | None) -> Path:
        here = into / "here"
        git(into, "clone", "-q", "-b", "change", "--depth", "1", f"file://{origin(change)}", str(here))
        return here

    return clone


def compiled(folder: Path) -> int:
    """The exit code of `blueprint compile` there."""
    with chdir(folder):
        return main(["compile", "-o", "bundle"])


def repository_with(change: Change | None, origin: Path) -> Path:
    """A repository with the change as the last commit of a branch."""
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    if change:
        (origin / "blueprint.yaml").write_text(TEXT)
        assert compiled(origin) == 0
    (origin / "README").touch()
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "one")
    git(origin, "checkout", "-qb", "change")
    old, new = change or ("spec:\n", "# new\nspec:\n")
    assert old in TEXT
    (origin / "blueprint.yaml").write_text(TEXT.replace(old, new, 1))
    compiled(origin)
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "two")
    return origin


def action_steps(folder: Path, **inputs: str) -> list[subprocess.CompletedProcess[str]]:
    """The steps that run the tool, with their inputs as GitHub would substitute them; steps after a failure are
    omitted.
    """
    values = {name: about["default"] for name, about in ACTION["inputs"].items()} | {"bundle": "bundle"} | inputs
    done: list[subprocess.CompletedProcess[str]] = []
    for step in ACTION["runs"]["steps"]:
        if "blueprint " not in step.get("run", ""):
            continue
        own = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        files = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "output"}
        done.append(bash(folder, step["run"], own | files))
        if done[-1].returncode:
            break
    return done


@pytest.mark.parametrize(("change", "codes"), list(zip(CHANGES, ([0, 0, 0], [0, 0, 0], [1]), strict=True)), ids=NAMES)
def test_the_steps_of_the_action_pass_and_fail_where_they_should(
    change: Change, codes: list[int], tmp_path: Path, shallow_clone: Clone
) -> None:
    here = shallow_clone(tmp_path, change)
    done = action_steps(here)
    assert [each.returncode for each in done] == codes, [each.stdout + each.stderr for each in done]
    assert (here / "blueprint.sarif").is_file()
    if codes[-1] == 0:
        assert (here / "summary.md").read_text() == (here / "blueprint.md").read_text()
        assert (here / "output").read_text() == f"changed={'true' if '64' in change[1] else 'false'}\n"


def test_a_first_blueprint_has_nothing_to_be_compared_with(tmp_path: Path, shallow_clone: Clone) -> None:
    here = shallow_clone(tmp_path, None)
    assert [each.returncode for each in action_steps(here)] == [0, 0, 0]
    assert "is new" in (here / "summary.md").read_text()
    assert (here / "output").read_text() == "changed=true\n"


def test_inputs_are_not_part_of_a_script(tmp_path: Path, shallow_clone: Clone) -> None:
    """A name from a pull request is a value of the environment, which no shell executes."""
    runs = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert not [run for run in runs if "${{" in run]
    here = shallow_clone(tmp_path, CHANGES[0])
    assert action_steps(here, blueprint="$(touch owned); touch owned")[0].returncode == 2
    assert not (here / "owned").exists()


def component_job(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A job of the GitLab component, without the installation."""
    job: dict[str, Any] = COMPONENT[".blueprint"] | COMPONENT[name]
    values = {key: about.get("default", "") for key, about in INPUTS["spec"]["inputs"].items()} | {"bundle": "bundle"}
    variables = {
        key: re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: values[found[1]], text)
        for key, text in job["variables"].items()
    }
    variables["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "main"
    return bash(folder, "\n".join(job["script"]), variables)


@pytest.mark.parametrize(("change", "codes"), list(zip(CHANGES, ((0, 0), (0, 0), (1, 1)), strict=True)), ids=NAMES)
def test_the_jobs_of_the_component_pass_and_fail_where_they_should(
    change: Change, codes: tuple[int, int], tmp_path: Path, shallow_clone: Clone
) -> None:
    here = shallow_clone(tmp_path, change)
    done = [component_job(name, here) for name in ("blueprint-validate", "blueprint-diff")]
    assert tuple(each.returncode for each in done) == codes, [each.stdout + each.stderr for each in done]
    for name in COMPONENT["blueprint-validate"]["artifacts"]["paths"]:
        assert (here / name).is_file()


@pytest.mark.parametrize(("schema", "file"), [("github-actions", "action.yml"), ("gitlab-ci", "component")])
def test_the_files_are_as_their_hosts_describe_them(schema: str, file: str, tmp_path: Path) -> None:
    """With the schemas of SchemaStore, which check-jsonschema contains."""
    path = ROOT / file
    if file == "component":
        path = tmp_path / "ci.yml"
        path.write_text(yaml.safe_dump(COMPONENT).replace("$[[ inputs.stage ]]", "test"))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    result = subprocess.run(check, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout


def test_the_hooks_run_in_a_repository_that_names_them(tmp_path: Path) -> None:
    """With the tool that is installed here instead of pre-commit's environment."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "-q", "-b", "main")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-qm", "one")
    head = subprocess.run(["git", "-C", str(hooks), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    here = tmp_path / "here"
    for file, text in (("a/blueprint.yaml", TEXT), ("b/blueprint.yaml", TEXT.replace("release:", "realease:"))):
        (here / file).parent.mkdir(parents=True)
        (here / file).write_text(text)
    (here / "manifests").mkdir()
    (here / "manifests" / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n")
    used = [
        {"id": each["id"], "language": "system"} for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").open())
    ]
    entry = {"repo": str(hooks), "rev": head.stdout.strip(), "hooks": used}
    (here / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [entry]}))
    git(here, "init", "-q")
    git(here, "add", "-A")
    environment = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
    done = bash(here, f"{BIN / 'pre-commit'} run --all-files --color never", environment)
    assert done.returncode == 1
    lines = dict(re.findall(r"^(\S.*?)\.\.+(Passed|Failed)$", done.stdout, re.MULTILINE))
    assert lines["validate blueprints"] == lines["lint Kubernetes manifests"] == "Failed", done.stdout
    assert "b/blueprint.yaml" in done.stdout
    assert "unknown-key" in done.stdout
    git(here, "rm", "-q", "-rf", "--cached", "b", "manifests")
    git(here, "add", "-A", "a")
    again = bash(here, f"{BIN / 'pre-commit'} run --all-files --color never", environment)
    assert again.returncode == 0, again.stdout + again.stderr


def test_the_image_is_built_in_stages_pinned_and_without_root() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert re.search(r"^ARG BASE=python:\d+\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    last = stages[-1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert last.index("USER ") > last.rindex("RUN ")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    wanted = (ROOT / ".dockerignore").read_text().splitlines()
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert f"!{name}" in wanted


def test_the_linter_of_images_reports_nothing(tmp_path: Path) -> None:
    def lint(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "Dockerfile").write_text(text)
        command = [str(BIN / "hadolint"), str(tmp_path / "Dockerfile")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert lint(DOCKERFILE).returncode == 0, lint(DOCKERFILE).stdout
    assert lint(f"{DOCKERFILE}\nMAINTAINER x\n").returncode == 1, "the linter can fail"
