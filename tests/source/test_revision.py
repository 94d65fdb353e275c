"""`REV:PATH` reads a commit, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.source.files import DiskFiles, MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.source.merge import plain
from blueprint.source.revision import commit_of

OVERLAY = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nspec: {nodeLabels: apply}\n"
TEXT = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nextends: [../base.yaml]\nspec: {release: old}\n"

Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one commit and later changes; the working directory is its folder `clusters`."""
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "blueprint.yaml").write_text(TEXT)
    (tmp_path / "base.yaml").write_text(OVERLAY)
    (tmp_path / "clusters" / "link.yaml").symlink_to("/etc/passwd")
    monkeypatch.chdir(tmp_path / "clusters")

    def run(*arguments: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    run("init", "-q", "-b", "main", ".")
    run("add", ".")
    run("commit", "-q", "-m", "first")
    (tmp_path / "clusters" / "blueprint.yaml").write_text(TEXT.replace("old", "new"))
    (tmp_path / "base.yaml").unlink()
    return run


@pytest.mark.parametrize(
    "target", ["HEAD:clusters/blueprint.yaml", "main:./blueprint.yaml", "main:../clusters/blueprint.yaml"]
)
def test_a_blueprint_and_what_it_extends_are_read_as_they_were(target: str, git: Git) -> None:
    """A path that begins with a dot is relative to the working directory, as in git."""
    layered = load_layers(target)
    assert plain(layered.root)["spec"] == {"release": "old", "nodeLabels": "apply"}
    node = layered.root.get(("spec", "nodeLabels"))
    assert node
    assert node.span.file == f"{target.partition(':')[0]}:base.yaml"


def test_globs_list_the_files_of_the_commit(git: Git) -> None:
    files = load_layers("HEAD:clusters/blueprint.yaml").files
    assert files.glob("HEAD:clusters", "*.yaml") == ["HEAD:clusters/blueprint.yaml", "HEAD:clusters/link.yaml"]
    assert files.glob("HEAD:.", "*.yaml") == ["HEAD:base.yaml"]
    assert files.glob("HEAD:clusters", "../b*.yaml") == ["HEAD:base.yaml"]


@pytest.mark.parametrize(
    "pattern",
    ["*", "*.yaml", "a/*", "a/b/*.yaml", "*/*.yaml", "**/*.yaml", "a/**/*.yaml", "[ab].yaml", "./a/x.yaml", "a"],
)
def test_globs_mean_the_same_on_disk_in_a_commit_and_in_memory(pattern: str, git: Git, tmp_path: Path) -> None:
    names = ("a.yaml", "a/x.yaml", "a/b/y.yaml", "a/b/c/z.yaml", "a/notes.txt", ".hidden.yaml")
    for name in names:
        (tmp_path / "extra" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "extra" / name).write_text("a: b\n")
    git("add", "--force", "extra")
    git("commit", "-q", "-m", "second")
    committed = load_layers("HEAD:clusters/blueprint.yaml").files.glob("HEAD:extra", pattern)
    on_disk = DiskFiles(tmp_path).glob("extra", pattern)
    assert [name.removeprefix("HEAD:") for name in committed] == on_disk
    assert MemoryFiles({f"extra/{name}": "a: b" for name in names}).glob("extra", pattern) == on_disk


def refusal(target: str) -> str:
    """Why the target is rejected; exit code 2."""
    with pytest.raises(Refused) as caught:
        load_layers(target)
    assert caught.value.exit_code == 2
    [found] = caught.value.diagnostics
    return f"{found.code.id}: {found.message}"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("HEAD:clusters/none.yaml", "BP1001: cannot read HEAD:clusters/none.yaml: no such file at this revision"),
        ("HEAD:clusters", "BP1001: cannot read HEAD:clusters: not a regular file at this revision"),
        ("HEAD:clusters/blueprint.yaml/x", "BP1001: cannot read HEAD:clusters/blueprint.yaml/x: no such file"),
        ("HEAD:clusters/link.yaml", "BP1001: cannot read HEAD:clusters/link.yaml: not a regular file"),
        ("HEAD:", "BP1001: cannot read HEAD:"),
        ("nowhere:blueprint.yaml", "BP1016: cannot read nowhere:blueprint.yaml: there is no such revision"),
        ("HEAD~7:blueprint.yaml", "BP1016: cannot read HEAD~7:blueprint.yaml: there is no such revision"),
        (":blueprint.yaml", "BP1016: cannot read :blueprint.yaml"),
        ("HEAD^{tree}:blueprint.yaml", "BP1016: cannot read HEAD^{tree}:blueprint.yaml"),
        ("HEAD:../../blueprint.yaml", "BP1001: cannot read HEAD:../blueprint.yaml: no such file at this revision"),
        ("--output=/tmp/x:a", "BP1016: cannot read --output=/tmp/x:a: a revision cannot begin with a dash"),
        ("a\nb:c", "BP1016: cannot read a\nb:c"),
        ("\x00:c", "BP1016: cannot read \x00:c"),
    ],
)  # fmt: skip
def test_what_no_commit_holds_is_refused_in_words(target: str, says: str, git: Git) -> None:
    assert refusal(target).startswith(says)


def test_outside_of_a_repository_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert refusal("HEAD:a.yaml") == "BP1016: cannot read HEAD:a.yaml: this folder is not in a git repository"


def test_a_machine_without_git_is_reported(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitPython cannot be imported without git."""
    monkeypatch.setitem(sys.modules, "git", None)
    assert refusal("HEAD:a.yaml") == "BP1016: cannot read HEAD:a.yaml: git is not installed"


def test_a_file_whose_name_has_a_colon_is_a_file(git: Git) -> None:
    Path("a:b.yaml").write_text("spec: {}\n")
    assert plain(load_layers("a:b.yaml").root) == {"spec": {}}


def test_an_overlay_of_a_commit_cannot_leave_the_repository(git: Git, tmp_path: Path) -> None:
    (tmp_path / "clusters" / "blueprint.yaml").write_text(TEXT.replace("../base", "../../../base"))
    git("commit", "-q", "-am", "second")
    [found] = load_layers("HEAD:clusters/blueprint.yaml").diagnostics
    assert found.code.id == "BP1015"
    assert found.at
    assert (found.at.file, found.at.line, found.at.column) == ("HEAD:clusters/blueprint.yaml", 3, 11)


def test_the_commit_around_a_folder_is_named_from_below(git: Git, tmp_path: Path) -> None:
    git("checkout", "-q", "--", ".")
    below = tmp_path / "clusters" / "bundle"
    below.mkdir()
    command = ["git", "-C", str(tmp_path), "rev-parse", "HEAD"]
    head = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert commit_of(below) == head
    (below / "new.yaml").write_text("a: 1\n")
    assert commit_of(below / "new.yaml") == f"{head} with changes"


def test_without_a_repository_git_is_not_loaded(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from blueprint.source.revision import commit_of\n"
    script += f"print(repr(commit_of(Path({str(tmp_path)!r}))), 'git' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "'' False\n"
