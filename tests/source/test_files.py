"""Files on disk and texts in memory: how they are read and named, and the boundary that both respect."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.source.files import MAX_BYTES, DiskFiles, Files, MemoryFiles


@pytest.fixture
def disk(tmp_path: Path) -> DiskFiles:
    """`clusters/a.yaml`, `clusters/b.yaml` and `base.yaml` in a repository, which is not the working directory."""
    for name in ("repository/.git/HEAD", "repository/clusters/a.yaml", "repository/clusters/b.yaml", "outside.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / "repository" / "base.yaml").write_text("# base\n")
    return DiskFiles(tmp_path / "repository")


def test_paths_are_relative_to_the_root(disk: DiskFiles) -> None:
    assert disk.read("base.yaml") == b"# base\n"
    assert disk.glob("clusters", "*.yaml") == ["clusters/a.yaml", "clusters/b.yaml"]
    assert disk.glob("clusters", "../*.yaml") == ["base.yaml"]
    assert disk.relative("base.yaml", "clusters/a.yaml") == "../base.yaml"
    assert disk.relative(str(disk.root / "base.yaml"), "clusters/a.yaml") == "../base.yaml"


def test_texts_take_precedence_over_the_disk(disk: DiskFiles) -> None:
    files = MemoryFiles({"clusters/a.yaml": "new", "clusters/./c.yaml": "c"}, disk)
    assert [files.read(name) for name in ("clusters/a.yaml", "./clusters/c.yaml", "base.yaml")] == [
        b"new",
        b"c",
        b"# base\n",
    ]
    assert files.glob("clusters", "*.yaml") == ["clusters/a.yaml", "clusters/b.yaml", "clusters/c.yaml"]
    assert files.relative("base.yaml", "clusters/a.yaml") == "../base.yaml"


def test_without_a_base_there_is_nothing_but_the_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.yaml").write_text("a: b")
    files = MemoryFiles({"here.yaml": "a: b"})
    assert files.glob(".", "*.yaml") == ["here.yaml"]
    with pytest.raises(FileNotFoundError):
        files.read("there.yaml")


@pytest.mark.parametrize("over", [False, True])
def test_the_boundary_of_the_disk_is_the_repository(over: bool, disk: DiskFiles) -> None:
    files: Files = MemoryFiles({"clusters/a.yaml": "new"}, disk) if over else disk
    (disk.root / "link.yaml").symlink_to(disk.root.parent / "outside.yaml")
    assert files.inside("base.yaml", "clusters/a.yaml")
    assert not files.inside("../outside.yaml", "clusters/a.yaml")
    assert not files.inside("link.yaml", "clusters/a.yaml")


def test_the_boundary_of_texts_is_their_folder() -> None:
    files = MemoryFiles({"clusters/a.yaml": ""})
    assert files.inside("clusters/../base.yaml", "clusters/a.yaml")
    assert not files.inside("clusters/../../base.yaml", "clusters/a.yaml")
    assert not files.inside("/etc/passwd", "clusters/a.yaml")


def test_a_text_may_be_as_large_as_a_file() -> None:
    files = MemoryFiles({"large.yaml": "#" * (MAX_BYTES + 1)})
    with pytest.raises(OSError, match="larger than"):
        files.read("large.yaml")
