"""Files that cannot be read as text, or at all; a table of texts cannot contain them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.source.files import MAX_BYTES
from tests.bad_input.test_mistakes import GOOD

TEXT = (GOOD / "blueprint.yaml").read_bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the files to which the good blueprint refers."""
    repository = tmp_path / "repository"
    for file in GOOD.rglob("*.yaml"):
        (repository / file.relative_to(GOOD)).parent.mkdir(parents=True, exist_ok=True)
        (repository / file.relative_to(GOOD)).write_bytes(file.read_bytes())
    monkeypatch.chdir(repository)
    return repository


def told(target: str = "blueprint.yaml") -> tuple[int, dict[str, Any]]:
    """Exit code of compile, and the one diagnostic; nothing may have been written."""
    code = main(["compile", target, "-o", "out", "--report", "json=../report.json"])
    assert not Path("out").exists()
    [found] = json.loads(Path("../report.json").read_text())["diagnostics"]
    return code, found


def place(found: dict[str, Any]) -> tuple[str, int, int]:
    """File, line and column."""
    return found["at"]["file"], found["at"]["line"], found["at"]["column"]


@pytest.mark.parametrize(
    ("data", "says", "at"),
    [
        (TEXT.decode().encode("utf-16"), "UTF-16", (1, 1)),
        (TEXT.decode().encode("utf-32"), "UTF-", (1, 1)),
        (TEXT.replace(b"gpu@acme.example", b"J\xfcrgen"), "0xfc", (6, 13)),
        (TEXT.replace(b"gpu@acme.example", "é".encode() + b"\xff"), "0xff", (6, 13)),
        (TEXT.replace(b"name: good", b"name: go\x00od"), "U+0000", (4, 11)),
        (TEXT.replace(b"name: good", b"name: go\x1b[2Jod"), "U+001B", (4, 11)),
        (TEXT.replace(b"name: good", b"name: g\xed\xa0\x80"), "0xed", (4, 10)),
    ],
    ids=["utf-16", "utf-32", "latin-1", "after a wide character", "nul", "escape", "surrogate"],
)
def test_what_is_not_utf_8_is_refused_at_its_first_byte(
    data: bytes, says: str, at: tuple[int, int], folder: Path
) -> None:
    (folder / "blueprint.yaml").write_bytes(data)
    code, found = told()
    assert (code, found["code"]) == (1, "BP1006")
    assert says in found["message"]
    assert place(found) == ("blueprint.yaml", *at)
    assert found["help"]


def test_a_byte_order_mark_of_utf_8_is_allowed_and_moves_no_column(folder: Path) -> None:
    (folder / "blueprint.yaml").write_bytes(b"\xef\xbb\xbf" + TEXT.replace(b"apiVersion:", b"apiVersio:", 1))
    code, found = told()
    assert (code, found["code"]) == (1, "BP2001")
    assert place(found) == ("blueprint.yaml", 1, 1)


def test_windows_line_ends_move_nothing(folder: Path) -> None:
    (folder / "blueprint.yaml").write_bytes(TEXT.replace(b"\n", b"\r\n").replace(b"vanilla", b"vanila"))
    code, found = told()
    assert (code, found["code"]) == (1, "BP2005")
    assert place(found) == ("blueprint.yaml", 12, 19)
    assert found["fix"]["at"]["endColumn"] == 25


@pytest.mark.parametrize("target", ["missing.yaml", "extra", "missing/blueprint.yaml", "", "blueprint.yaml/x"])
def test_a_target_that_cannot_be_opened_exits_2(target: str, folder: Path) -> None:
    code, found = told(target)
    assert (code, found["code"]) == (2, "BP1001")
    assert target in found["message"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_target_that_may_not_be_read_exits_2(folder: Path) -> None:
    (folder / "blueprint.yaml").chmod(0)
    code, found = told()
    assert (code, found["code"]) == (2, "BP1001")
    assert "permission denied" in found["message"]


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo("pipe.yaml")
    code, found = told("pipe.yaml")
    assert (code, found["code"]) == (2, "BP1001")


def test_a_file_beyond_the_size_limit_is_not_read(folder: Path) -> None:
    with (folder / "blueprint.yaml").open("ab") as file:
        file.truncate(MAX_BYTES + 1)
    code, found = told()
    assert (code, found["code"]) == (2, "BP1014")
    assert "32 MiB" in found["message"]


def test_a_link_out_of_the_repository_is_not_followed(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    outside = folder.parent / "outside.yaml"
    outside.write_text("apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nspec: {secret: word}\n")
    (folder / "base.yaml").unlink()
    (folder / "base.yaml").symlink_to(outside)
    code, found = told()
    assert (code, found["code"]) == (1, "BP1015")
    assert place(found) == ("blueprint.yaml", 7, 11)
    assert "word" not in json.dumps(found)


def test_a_link_among_manifests_is_not_followed_out_of_the_repository(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    (folder / "extra" / "passwd.yaml").symlink_to("/etc/passwd")
    code, found = told()
    assert (code, found["code"]) == (1, "BP1015")
    assert place(found)[:2] == ("blueprint.yaml", 49)
    assert "root:" not in json.dumps(found)


def test_a_thousand_levels_are_refused_before_they_exhaust_the_stack(folder: Path) -> None:
    (folder / "blueprint.yaml").write_text("a: " + "[" * 1000 + "]" * 1000)
    code, found = told()
    assert (code, found["code"]) == (1, "BP1013")
    assert place(found)[:2] == ("blueprint.yaml", 1)
    assert found["help"]


def test_a_hundred_thousand_levels_of_indentation_are_refused_too(folder: Path) -> None:
    (folder / "blueprint.yaml").write_text("- " * 100_000 + "x")
    code, found = told()
    assert (code, found["code"]) == (1, "BP1013")


@pytest.mark.parametrize("target", ["--upload-pack=touch hacked:a.yaml", "-o:a.yaml", "HEAD:nowhere.yaml", "no-such:a"])
def test_a_hostile_or_wrong_revision_is_refused(target: str, folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    from blueprint.diagnostics import Refused
    from blueprint.source.layers import load_layers

    with pytest.raises(Refused) as caught:
        load_layers(target)
    assert caught.value.exit_code == 2
    assert caught.value.diagnostics[0].code.id in ("BP1016", "BP1001")
    assert not (folder / "hacked").exists()
