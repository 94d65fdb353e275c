"""A bundle is written completely or not at all, reads back unchanged, and any edit of it is detected."""

from __future__ import annotations

import errno
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blueprint.bundle.layout import LOCK, PROVENANCE, sealed, sha256
from blueprint.bundle.output import check_output, write_bundle
from blueprint.bundle.reader import read_bundle
from blueprint.cli.main import main
from blueprint.diagnostics import Refused, Span
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.render.canonical import canonical
from blueprint.source.files import DiskFiles

EVERYTHING = Path(__file__).parents[1] / "platform" / "everything"


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    """The blueprint that sets everything, compiled in its own folder."""
    return compile_blueprint("blueprint.yaml", files=DiskFiles(EVERYTHING))


@pytest.fixture
def folder(compilation: Compilation, tmp_path: Path) -> Path:
    """Its bundle."""
    assert compilation.files
    write_bundle(compilation.files, tmp_path / "bundle")
    return tmp_path / "bundle"


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_bundle_reads_back_as_it_was(compilation: Compilation, folder: Path) -> None:
    written, read = compilation.bundle, read_bundle(folder)
    assert written
    assert [(obj.id, obj.component, obj.data, obj.digest) for obj in read.objects] == [
        (obj.id, obj.component, obj.data, obj.digest) for obj in written.objects
    ]
    for mine, theirs in zip(written.objects, read.objects, strict=True):
        assert {path: origin for path, origin in theirs.origins.items() if path in mine.origins} == dict(mine.origins)
    assert read.pools == written.pools
    assert read.expectations == written.expectations
    assert [*read.facts] == [*written.facts]
    for name in ("name", "version", "release", "kubernetes", "distribution", "cluster_uid", "node_labels", "digest"):
        assert getattr(read, name) == getattr(written, name)


def test_writing_again_changes_nothing(compilation: Compilation, folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert compilation.files
    assert not write_bundle(compilation.files, folder).changed
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_another_bundle_replaces_every_file(compilation: Compilation, folder: Path) -> None:
    assert compilation.files
    fewer = {name: data for name, data in compilation.files.items() if "settings" not in name}
    assert write_bundle(fewer, folder).changed
    assert snapshot(folder).keys() == fewer.keys()
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


@pytest.mark.parametrize(("call", "number"), [("write_bytes", 1), ("replace", 2)])
def test_a_disk_that_is_full_leaves_what_was_there(
    call: str, number: int, compilation: Compilation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While new contents are written, or between two moves."""
    before = snapshot(folder)
    assert compilation.files
    files = {**compilation.files, "images.txt": b"other"}
    calls = iter(range(100))
    real: Callable[..., Any] = getattr(Path, call)

    def fail(*arguments: Any) -> Any:
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(Path, call, fail)
    with pytest.raises(Refused) as caught:
        write_bundle(files, folder)
    monkeypatch.undo()
    assert (caught.value.exit_code, caught.value.diagnostics[0].code.id) == (2, "BP4015")
    assert "no space left" in caught.value.diagnostics[0].message
    assert snapshot(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_folder_that_is_not_a_bundle_is_refused_without_reading_it(
    compilation: Compilation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-o .` or `-o ~` by mistake: nothing below it is read, however much there is and however it changes."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(Path, "rglob", None)
    assert compilation.files
    for name, said in (("mine", "not empty and is not a bundle"), ("file", "a file, but a bundle is a folder")):
        with pytest.raises(Refused) as caught:
            write_bundle(compilation.files, tmp_path / name)
        assert (caught.value.exit_code, caught.value.diagnostics[0].code.id) == (2, "BP4013")
        assert said in caught.value.diagnostics[0].message
    assert (tmp_path / "file").read_text() == "mine"


def test_a_parent_that_is_a_file_is_refused(compilation: Compilation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert compilation.files
    with pytest.raises(Refused) as caught:
        write_bundle(compilation.files, tmp_path / "file" / "bundle")
    assert (caught.value.exit_code, caught.value.diagnostics[0].code.id) == (2, "BP4015")


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_is_not_a_bundle_is_never_replaced(what: str, compilation: Compilation, tmp_path: Path) -> None:
    target = tmp_path / "out"
    if what == "folder":
        target.mkdir()
        (target / "thesis.tex").write_text("mine")
    else:
        target.write_text("mine")
    assert compilation.files
    with pytest.raises(Refused) as caught:
        write_bundle(compilation.files, target)
    assert (caught.value.exit_code, caught.value.diagnostics[0].code.id) == (2, "BP4013")
    assert (target / "thesis.tex" if what == "folder" else target).read_text() == "mine"


def test_an_empty_folder_is_filled(compilation: Compilation, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert compilation.files
    assert write_bundle(compilation.files, tmp_path / "out").changed
    assert snapshot(tmp_path / "out") == dict(compilation.files)


def test_check_writes_nothing_and_tells_every_difference(compilation: Compilation, folder: Path) -> None:
    (folder / "README").write_text("no part of the bundle")
    (folder / "manifests" / "stray.yaml").write_text("x")
    (folder / "images.txt").unlink()
    (folder / "prerequisites.md").write_text("x")
    before = snapshot(folder)
    assert compilation.files
    told = [found.message for found in check_output(compilation.files, folder)]
    assert [text.rpartition("/")[2] for text in told] == [
        "images.txt would be added", "stray.yaml is not part of the bundle; `compile` keeps it",
        "prerequisites.md would change",
    ]  # fmt: skip
    assert snapshot(folder) == before


def test_check_shows_the_first_line_that_was_edited_and_what_it_is_compiled_to(
    compilation: Compilation, folder: Path
) -> None:
    [name] = [name for name in compilation.files or {} if name.endswith("deployment.gpu-operator.gpu-operator.yaml")]
    text = (folder / name).read_text("utf-8")
    number = text.splitlines().index("  replicas: 1") + 1
    (folder / name).write_text(text.replace("  replicas: 1\n", "  replicas: 22\n"), "utf-8")
    assert compilation.files
    [found] = check_output(compilation.files, folder)
    assert (found.at, found.label) == (
        Span((folder / name).as_posix(), number, 1, number, len("  replicas: 22") + 1),
        "compiled: replicas: 1",
    )
    (folder / name).write_text(f"{text}# one more\n", "utf-8")
    [found] = check_output(compilation.files, folder)
    assert (found.at and found.at.line, found.label) == (text.count("\n") + 1, "not among the compiled files")
    (folder / name).write_bytes(b"")
    [found] = check_output(compilation.files, folder)
    assert (found.at and found.at.line, found.label) == (1, f"compiled: {text.splitlines()[0]}")


def test_check_of_a_folder_that_is_not_there_makes_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(EVERYTHING, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "blueprint.yaml", "-o", "out", "--check"]) == 1
    assert not Path("out").exists()
    assert main(["compile", "blueprint.yaml", "-o", "out"]) == 0
    assert main(["compile", "blueprint.yaml", "-o", "out", "--check"]) == 0


def problems(folder: Path) -> list[tuple[str, str]]:
    """Codes and files of the problems of a bundle; exit 1."""
    with pytest.raises(Refused) as caught:
        read_bundle(folder)
    assert caught.value.exit_code == 1
    return [(found.code.id, Path(found.at.file).name) for found in caught.value.diagnostics if found.at]


def test_an_edited_a_missing_and_a_stray_file_are_named(folder: Path) -> None:
    name = next(iter((folder / "manifests" / "nfd").glob("deployment.*")))
    name.write_text(name.read_text() + "# mine\n")
    (folder / "images.txt").unlink()
    (folder / "README.yaml").write_text("x")
    (folder / "manifests" / "stray.yaml").write_text("x")
    assert {*problems(folder)} == {("BP4011", "images.txt"), ("BP4011", name.name), ("BP4011", "stray.yaml")}


def test_an_edited_lock_is_named(folder: Path) -> None:
    lock = (folder / LOCK).read_text()
    (folder / LOCK).write_text(lock.replace('"kubernetes": "1.36.3"', '"kubernetes": "1.35.0"'))
    assert problems(folder) == [("BP4012", LOCK)]


def test_an_edited_file_with_its_digest_in_the_lock_is_still_found(folder: Path) -> None:
    (folder / "images.txt").write_text("evil.example/image:1\n")
    lock = orjson.loads((folder / LOCK).read_bytes())
    lock["files"]["images.txt"] = sha256(b"evil.example/image:1\n")
    (folder / LOCK).write_bytes(orjson.dumps(lock))
    assert problems(folder) == [("BP4012", LOCK)]


def test_a_lock_cannot_name_files_outside(folder: Path) -> None:
    lock = orjson.loads((folder / LOCK).read_bytes())
    lock["files"]["../../etc/passwd"] = "0"
    (folder / LOCK).write_bytes(sealed(lock))
    assert problems(folder) == [("BP4012", LOCK)]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"files": {}, "schemaVersion": "v9"}', b"\xff\xfe", b'{"files": 3}']
)
def test_what_is_not_a_lock_exits_2(data: bytes, folder: Path) -> None:
    (folder / LOCK).write_bytes(data)
    with pytest.raises(Refused) as caught:
        read_bundle(folder)
    assert (caught.value.exit_code, caught.value.diagnostics[0].code.id) == (2, "BP4010")


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with the keys of every map in a different order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def test_the_order_of_keys_changes_no_output(
    compilation: Compilation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from the lines in the provenance, and its digests."""
    shutil.copytree(EVERYTHING, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    data = yaml.safe_load((EVERYTHING / "blueprint.yaml").read_text())
    for seed in range(3):
        chance = random.Random(seed)  # noqa: S311 - an order, not a secret
        text = yaml.safe_dump(shuffled(data, chance), sort_keys=False)
        Path("blueprint.yaml").write_text(text)
        files = compile_blueprint("blueprint.yaml").files
        assert files
        assert compilation.files
        for name in files.keys() | compilation.files.keys():
            if name.startswith("manifests/") or name in ("images.txt", "prerequisites.md"):
                assert files[name] == compilation.files[name], name


def test_the_same_input_gives_the_same_bytes_anywhere(compilation: Compilation, tmp_path: Path) -> None:
    """From another folder, by an absolute path: the output does not depend on the machine."""
    shutil.copytree(EVERYTHING, tmp_path / "elsewhere")
    assert compile_blueprint(str(tmp_path / "elsewhere" / "blueprint.yaml")).files == compilation.files
    assert str(tmp_path).encode() not in b"".join((compilation.files or {}).values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "stringData", "data", "x"]), JSON), st.booleans())
def test_the_canonical_form_is_its_own(data: dict[str, Any], secret: bool) -> None:
    obj = {**data, "apiVersion": "v1", "kind": "Secret" if secret else "ConfigMap"}
    if not isinstance(obj.get("data", {}), dict):
        del obj["data"]
    once = canonical(obj)
    assert canonical(once) == once
    assert list(canonical(once)) == list(once)
    assert "status" not in once


def test_a_stored_object_knows_the_origins_that_the_compiled_one_has(compilation: Compilation, folder: Path) -> None:
    """Field by field, and all at once; only files are named as bundles name them."""
    assert compilation.bundle
    for compiled, stored in zip(compilation.bundle.objects, read_bundle(folder).objects, strict=True):
        every = stored.origins
        assert every.keys() == compiled.origins.keys()
        for path, origin in compiled.origins.items():
            kept = stored.origin(path)
            assert kept == every[path]
            assert [(s.layer, s.path, s.span.line) for s in kept.sources] == [
                (s.layer, s.path, s.span.line) for s in origin.sources
            ]
        assert stored.origin(("spec", "no such field")) == stored.origin(("spec",))


def test_provenance_is_kept_for_every_leaf(compilation: Compilation) -> None:
    assert compilation.bundle
    kept = orjson.loads((compilation.files or {})[PROVENANCE])
    assert len(kept["objects"]) == len(compilation.bundle.objects)
    assert LOCK in (compilation.files or {})
