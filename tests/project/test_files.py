"""A file is written completely or not at all, only over regular files, and leaves no other files behind."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blueprint import files
from blueprint.files import SUFFIX, write_new, write_whole
from tests.support.waits import eventually

ROOT = Path(__file__).parents[2]
BLUEPRINT = str(ROOT / "examples" / "h100-training" / "blueprint.yaml")


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(os.listdir(folder))  # noqa: PTH208 - names


def test_a_new_file_has_the_umask_s_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o751)
    write_whole(tmp_path / "new", b"y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o751
    write_whole(tmp_path / "new", b"z", mode=0o600)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_a_link_is_followed_also_where_it_dangles(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    for content in (b"one", b"two"):
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_bytes() == content
    assert names(tmp_path) == ["link", "real"]


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    write_new(tmp_path / "file", b"one")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("file", "dangling"):
        with pytest.raises(FileExistsError):
            write_new(tmp_path / name, b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert names(tmp_path) == ["dangling", "file"]


def _fifo(place: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))


def _link_to_device(place: Path) -> None:
    place.symlink_to("/dev/null")


def _folder(place: Path) -> None:
    place.mkdir()


@pytest.fixture(params=[_fifo, _socket, _link_to_device, _folder], ids=lambda make: make.__name__)
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Something that is not a regular file."""
    make: Callable[[Path], None] = request.param
    make(tmp_path / "it")
    return tmp_path / "it"


def test_what_is_not_a_file_is_refused_and_stays(no_file: Path) -> None:
    before = (no_file.lstat().st_ino, no_file.lstat().st_mode, Path("/dev/null").stat().st_ino)
    with pytest.raises(OSError, match="it is a"):
        write_whole(no_file, b"x")
    with pytest.raises(FileExistsError):
        write_new(no_file, b"x")
    assert (no_file.lstat().st_ino, no_file.lstat().st_mode, Path("/dev/null").stat().st_ino) == before
    assert names(no_file.parent) == ["it"]


@pytest.mark.parametrize("verb", ["compile", "init", "convert"])
def test_no_verb_replaces_what_is_not_a_file(verb: str, no_file: Path) -> None:
    """`plan`, `snapshot` and reports write through the same function; the probe has its own, with its own test."""
    if verb == "compile" and no_file.is_dir():
        (no_file / "mine").touch()  # a bundle is a folder, but not one that contains something else
    arguments = {
        "compile": [BLUEPRINT],
        "init": ["--pool", "train=H100-SXM5-80GBx8x4"],
        "convert": [BLUEPRINT],
    }[verb]
    before = (no_file.lstat().st_ino, no_file.lstat().st_mode)
    done = command(verb, *arguments, "-o", str(no_file))
    assert done.returncode == 2
    assert done.stdout.count("error[") == 1
    assert (no_file.lstat().st_ino, no_file.lstat().st_mode) == before
    assert names(no_file.parent) == ["it"]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a separate process."""
    return subprocess.run(
        [sys.executable, "-m", "blueprint", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_stdout_by_any_name_takes_the_product(name: str) -> None:
    plain = command("convert", BLUEPRINT)
    assert plain.stdout == Path(BLUEPRINT).read_text()
    assert command("convert", BLUEPRINT, "-o", name).stdout == plain.stdout
    drafted = command("init", "--pool", "train=H100-SXM5-80GBx8x4", "-o", name)
    assert drafted.stdout.startswith("#")
    assert drafted.returncode == 0


WRITER = """
import sys
from pathlib import Path
from blueprint import cli
from blueprint.cli import main
from blueprint.files import write_whole

def write(_arguments, _then):
    while True:
        for letter in (b"a", b"b"):
            write_whole(Path(sys.argv[1]), letter * 5_000_000)

main._run = write
main.entry()
"""


def await_output(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has written, and fail if it ends before."""

    def written() -> bool:
        assert process.poll() is None
        return (folder / "out").exists()

    eventually(written, "a file is written", pause=0.01)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that replaces the same file repeatedly, as the command line does."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "out")], cwd=ROOT) as process:
        await_output(tmp_path, process)
        yield process
        process.kill()


def whole(file: Path) -> bool:
    """Whether the file is one of the two contents."""
    content = file.read_bytes()
    return len(content) == 5_000_000 and len(set(content)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_writer_that_is_asked_to_stop_leaves_no_other_files(
    number: signal.Signals, tmp_path: Path, writer: subprocess.Popen[bytes]
) -> None:
    time.sleep(0.05)
    writer.send_signal(number)
    assert writer.wait(10) == 130
    assert names(tmp_path) == ["out"]
    assert whole(tmp_path / "out")


@pytest.mark.parametrize(("write", "left"), [(write_whole, {b"old", b"new"}), (write_new, {None, b"new"})])
def test_an_interruption_at_any_moment_leaves_nothing_beside(
    write: Callable[[Path, bytes], None], left: set[bytes | None], tmp_path: Path
) -> None:
    """Python handles signals when a function begins, and when a function not written in Python returns."""
    target = tmp_path / "out"
    seen = set()
    for moment in itertools.count(1):
        target.unlink(missing_ok=True)
        if write is write_whole:
            target.write_bytes(b"old")
        interrupted = interrupted_at(moment, lambda: write(target, b"new"))
        assert set(names(tmp_path)) <= {"out"}, f"at moment {moment}"
        seen.add(target.read_bytes() if target.exists() else None)
        if not interrupted:
            break
    assert moment > 50
    assert seen == left


def interrupted_at(moment: int, do: Callable[[], None]) -> bool:
    """Run something that is interrupted at that moment; returns whether it ran that long."""
    moments = itertools.count(1)

    def profile(_frame: object, event: str, _what: object) -> None:
        if event in ("call", "c_return") and next(moments) == moment:
            sys.setprofile(None)
            raise KeyboardInterrupt

    try:
        sys.setprofile(profile)
        do()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_a_hangup_does_not_stop_a_writer_under_nohup(tmp_path: Path) -> None:
    command = ["nohup", sys.executable, "-c", WRITER, str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        await_output(tmp_path, process)
        process.send_signal(signal.SIGHUP)
        (tmp_path / "out").unlink()
        await_output(tmp_path, process)
        process.kill()


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_live_one_s_is_not(
    tmp_path: Path, writer: subprocess.Popen[bytes]
) -> None:
    for _ in range(20):
        write_whole(tmp_path / "out", b"b" * 5_000_000)  # concurrent with one that writes the same file
        assert writer.poll() is None
        assert whole(tmp_path / "out")
    writer.kill()
    writer.wait(10)
    (tmp_path / f".out.left{SUFFIX}").write_text("half")  # killed at any time
    (tmp_path / ".out.mine").write_text("not ours")
    write_whole(tmp_path / "out", b"a" * 5_000_000)
    assert names(tmp_path) == [".out.mine", "out"]


def test_a_full_disk_leaves_the_old_content_and_nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "out", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fchmod", full)
    for write in (write_whole, write_new):
        with pytest.raises(OSError, match=r"No space|exists"):
            write(tmp_path / "out", b"new")
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path / "another", b"new")
    assert (tmp_path / "out").read_bytes() == b"old"
    assert names(tmp_path) == ["out"]
