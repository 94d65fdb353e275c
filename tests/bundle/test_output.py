"""Writing a bundle loses no foreign file, whatever is in the folder and wherever the write is stopped."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.bundle.file_replacement import STAGE
from blueprint.bundle.layout import LOCK, LOCK_SCHEMA, sealed, sha256
from blueprint.bundle.output import check_output, write_bundle
from blueprint.bundle.reader import verify
from blueprint.cli.main import main
from blueprint.diagnostics import Diagnostic, Refused
from tests.bundle.stopped_writer import fail, interrupt, kill, stopped_at

EXAMPLE = Path(__file__).parents[2] / "examples" / "h100-training" / "blueprint.yaml"
Files = dict[str, bytes]
MANIFESTS = [f"manifests/{name}.yaml" for name in ("a/one", "a/two", "b/one", "b/two", "c/one")]
TOP = ["expectations.json", "images.txt", "prerequisites.json", "prerequisites.md", "provenance.json"]
FOREIGN = [
    ".git/HEAD", ".git/objects/ab/cd", ".gitignore", "README.md", "kustomization.yaml", "docs/why.md",
    "manifests/a/mine.yaml", "manifests/mine/one.yaml", ".blueprint.yaml", "blueprint.lock.orig",
]  # fmt: skip


def bundle(chance: random.Random) -> Files:
    """A minimal bundle: only names and bytes matter here."""
    names = [*TOP, *chance.sample(MANIFESTS, chance.randint(0, len(MANIFESTS)))]
    files = {name: b"%d" % chance.randint(0, 2) for name in names}
    digests = {name: sha256(data) for name, data in files.items()}
    return files | {LOCK: sealed({"schemaVersion": LOCK_SCHEMA, "files": digests})}


def put(files: Files, folder: Path) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def content(folder: Path) -> Files:
    """Every file below a folder."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


class Case:
    """A folder with an old bundle or none, edited by hand or not, with foreign files; and the bundle to write."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a case, not a secret
        self.old = bundle(chance) if chance.random() < 0.8 else {}
        self.new = bundle(chance)
        names = chance.sample(FOREIGN, chance.randint(0, len(FOREIGN))) if self.old else [".git/HEAD", ".git/config"]
        self.foreign = {name: name.encode() for name in names}
        edits = chance.sample(sorted(self.old), min(len(self.old), chance.choice([0, 0, 1, 2])))
        self.edited = {name: b"by hand" for name in edits if name != LOCK}
        self.before = {**self.old, **self.edited, **self.foreign}
        self.after = {**self.new, **self.foreign}

    def begin(self, folder: Path) -> None:
        """Create the folder in its initial state."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        put(self.before, folder)


CASES = [pytest.param(Case(seed), id=str(seed)) for seed in range(30)]


@pytest.mark.parametrize("case", CASES)
def test_only_what_the_old_lock_lists_is_replaced_or_removed(case: Case, tmp_path: Path) -> None:
    case.begin(tmp_path / "out")
    written = write_bundle(case.new, tmp_path / "out")
    assert content(tmp_path / "out") == case.after
    assert written.changed == (case.before != case.after)
    assert check_strays(check_output(case.new, tmp_path / "out")) == check_strays(written.diagnostics)
    said = {found.code.slug: found.message for found in written.diagnostics}
    lost = [name for name in case.edited if case.new.get(name) != b"by hand"]
    assert ("edits-replaced" in said) == bool(lost)
    assert all(name in said["edits-replaced"] for name in lost)
    strays = [name for name in case.foreign if name.startswith("manifests/")]
    assert ("stray-manifests" in said) == bool(strays)
    assert all(name in said["stray-manifests"] for name in strays)
    told = {n.partition("/")[0] for n in case.foreign if not n.startswith(("manifests/", ".git/"))}
    assert ("foreign-files-kept" in said) == bool(told)
    assert all(name in said["foreign-files-kept"] for name in told)
    assert (verify(tmp_path / "out")[1] == []) == (not strays)


def check_strays(found: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """Check that foreign files below manifests/ are reported; nothing else may make a written bundle differ."""
    return any(each.code.id in ("BP4014", "BP4027") for each in found)


def every_stop(case: Case, folder: Path, stop: Callable[[], None]) -> list[int]:
    """The results of stopping at each operation, with what must be true after each of them."""
    results = []
    for number in range(1, 500):
        case.begin(folder)
        results.append(stopped_at(number, stop, case.new, folder))
        found = content(folder)
        assert found.items() >= case.foreign.items(), f"lost after operation {number}"
        if stop is kill:
            holds(case, folder, found)
        else:
            assert found in (case.before, case.after), f"neither old nor new after operation {number}"
        write_bundle(case.new, folder)
        assert content(folder) == case.after, f"not repaired after operation {number}"
        if results[-1] == 0:
            return results
    raise AssertionError("it never came to its end")


def holds(case: Case, folder: Path, found: Files) -> None:
    """Check that a folder that is accepted as a bundle is completely the old one or the new one."""
    lock, problems = verify(folder)
    strays = {name for name in case.foreign if name.startswith("manifests/")}
    others = [p for p in problems if p.at is None or Path(p.at.file).relative_to(folder).as_posix() not in strays]
    if lock is not None and not others:
        said = {name: data for name, data in found.items() if not name.startswith(STAGE)}
        assert said in (case.after, {**case.old, **case.foreign}, {**case.before})


@pytest.mark.parametrize("case", CASES[:8])
def test_a_writer_that_is_killed_anywhere_loses_nothing_and_leaves_no_half_bundle(case: Case, tmp_path: Path) -> None:
    results = every_stop(case, tmp_path / "out", kill)
    assert {*results[:-1]} <= {9}
    assert len(results) > 20 or case.before == case.after


@pytest.mark.parametrize("stop", [interrupt, fail])
@pytest.mark.parametrize("case", CASES[12:16])
def test_a_writer_that_is_interrupted_or_fails_leaves_the_old_or_the_new_and_nothing_beside(
    case: Case, stop: Callable[[], None], tmp_path: Path
) -> None:
    results = every_stop(case, tmp_path / "out", stop)
    assert {*results[:-1]} <= {5, 7}
    assert 7 in results or case.before == case.after


def test_after_a_kill_another_bundle_or_the_old_one_can_be_written(tmp_path: Path) -> None:
    """A third bundle finds the state from before the killed run."""
    case = Case(3)
    third = bundle(random.Random(99))  # noqa: S311
    for number in (12, 20, 25, 30):
        case.begin(tmp_path / "out")
        stopped_at(number, kill, case.new, tmp_path / "out")
        write_bundle(third, tmp_path / "out")
        assert content(tmp_path / "out") == {**third, **case.foreign}


def test_a_half_written_bundle_is_refused_with_the_fix(tmp_path: Path) -> None:
    case = next(each for each in map(Case, range(100)) if each.old and not each.foreign and each.before != each.after)
    seen = set()
    for number in range(1, 60):
        case.begin(tmp_path / "out")
        if stopped_at(number, kill, case.new, tmp_path / "out") != 9:
            break
        seen |= {found.code.slug for found in verify(tmp_path / "out")[1]}
    assert "bundle-half-written" in seen


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an example in the working directory."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(EXAMPLE, "blueprint.yaml"))


def compiled(*arguments: str) -> int:
    return main(["compile", "blueprint.yaml", *arguments])


MORE = ("--set", "spec.nodePools.train.nodes=5")


def test_a_link_to_the_folder_stays_a_link(example: Path) -> None:
    Path("real").mkdir()
    Path("link").symlink_to("real")
    assert compiled("-o", "link") == 0
    assert Path("link").is_symlink()
    assert Path("real", LOCK).is_file()
    assert compiled("-o", "link", "--check") == 0
    assert example.is_file()


@pytest.mark.usefixtures("example")
def test_the_working_directory_can_be_the_bundle_also_where_its_parent_is_read_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As for a mount: no other name in the parent folder is needed, and the folder itself is not renamed."""
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("os.rename", "os.mkdir", "os.rmdir") and watching:
            named = [str(each) for each in arguments[:2] if isinstance(each, str | os.PathLike)]
            touched.extend(name for name in named if Path(name).parent == tmp_path and Path(name).name != "__pycache__")

    watching, touched = True, []
    sys.addaudithook(watch)
    for more in ((), MORE):
        assert main(["compile", "../blueprint.yaml", *more, "-o", "."]) == 0
    watching = False
    assert {*touched} <= {str(tmp_path / "out")}
    assert main(["compile", "../blueprint.yaml", *MORE, "-o", ".", "--check"]) == 0


@pytest.mark.usefixtures("example")
def test_a_repository_and_other_files_survive_and_the_bundle_stays_one() -> None:
    assert compiled("-o", "out") == 0
    put({".git/HEAD": b"unpushed", "README.md": b"mine", "kustomization.yaml": b"resources: []"}, Path("out"))
    assert compiled("-o", "out", *MORE) == 0
    assert Path("out/.git/HEAD").read_bytes() == b"unpushed"
    assert compiled("-o", "out", *MORE, "--check") == 0
    assert main(["images", "out"]) == 0
    put({"manifests/nfd/mine.yaml": b"kind: ConfigMap"}, Path("out"))
    assert compiled("-o", "out", *MORE) == 0
    assert compiled("-o", "out", *MORE, "--check") == 1
    assert main(["images", "out"]) == 1


def test_only_a_repository_in_it_leaves_a_folder_free(example: Path) -> None:
    put({"new/.git/HEAD": b"x", "used/.git/HEAD": b"x", "used/thesis.tex": b"mine"}, Path())
    assert compiled("-o", "new") == 0
    assert compiled("-o", "used") == 2
    assert content(Path("used")).keys() == {".git/HEAD", "thesis.tex"}
    assert example.is_file()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("manifests/a/one.yaml", lambda file: file.write_bytes(b"mine")),
        ("manifests/a/one.yaml", lambda file: file.mkdir()),
        ("manifests/a/one.yaml", lambda file: file.symlink_to("/etc/hostname")),
        ("manifests/a", lambda file: file.symlink_to("/tmp")),  # noqa: S108
        ("manifests/a", lambda file: file.write_bytes(b"mine")),
        ("manifests/a/one.yaml", os.mkfifo),
    ],
    ids=["foreign file", "folder", "link", "link on the way", "file on the way", "pipe"],
)
def test_what_is_in_the_way_is_named_and_nothing_is_written(
    name: str, make: Callable[[Path], object], tmp_path: Path
) -> None:
    def locked(files: Files) -> Files:
        digests = {each: sha256(data) for each, data in files.items()}
        return {**files, LOCK: sealed({"schemaVersion": LOCK_SCHEMA, "files": digests})}

    old = locked({"images.txt": b"old"})
    put(old, tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    make(tmp_path / name)
    with pytest.raises(Refused) as caught:
        write_bundle(locked({"images.txt": b"new", "manifests/a/one.yaml": b"new"}), tmp_path)
    [found] = caught.value.diagnostics
    assert (found.code.slug, caught.value.exit_code) == ("output-in-the-way", 2)
    assert str(tmp_path / name) in found.message
    assert (tmp_path / "images.txt").read_bytes() == b"old"
    assert not (tmp_path / STAGE).exists()


def test_a_lock_can_have_no_foreign_file_removed(tmp_path: Path) -> None:
    """A lock from a pull request that lists files which no bundle contains."""
    put({"README.md": b"1", ".git/config": b"1", "out/x": b"1", "../precious": b"1"}, tmp_path / "out")
    names = ["README.md", ".git/config", "../precious", "manifests/../README.md", "/etc/hostname", "manifests/"]
    digests = {name: sha256(b"1") for name in names}
    put({LOCK: sealed({"schemaVersion": LOCK_SCHEMA, "files": digests})}, tmp_path / "out")
    before = content(tmp_path)
    new = bundle(random.Random(1))  # noqa: S311
    write_bundle(new, tmp_path / "out")
    assert content(tmp_path) == before | {f"out/{name}": data for name, data in new.items()}


def test_a_lock_with_a_merge_conflict_is_compiled_over_and_nothing_is_removed(tmp_path: Path) -> None:
    case = next(each for each in map(Case, range(100)) if {*each.old} - {*each.new})
    put(case.old, tmp_path)
    text = case.old[LOCK].decode()
    (tmp_path / LOCK).write_text(text.replace("{\n", "{\n<<<<<<< HEAD\n", 1))
    gone = {*case.old} - {*case.new}
    written = write_bundle(case.new, tmp_path)
    assert content(tmp_path) == {**{name: case.old[name] for name in gone}, **case.new}
    [found] = written.diagnostics
    assert found.code.slug == "stray-manifests"


def test_two_writers_take_turns(tmp_path: Path) -> None:
    """Whatever the order, the folder contains one of the bundles, complete."""
    bundles = [bundle(random.Random(seed)) for seed in range(6)]  # noqa: S311
    children = []
    for files in bundles:
        child = os.fork()
        if not child:
            for _ in range(10):
                write_bundle(files, tmp_path / "out")
            os._exit(0)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(bundles)
    assert content(tmp_path / "out") in bundles
