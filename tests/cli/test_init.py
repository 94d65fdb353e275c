"""`blueprint init`: its output is valid, and it writes, asks and guesses nothing that it should not."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from blueprint import files
from blueprint.catalog.catalog import load_catalog
from blueprint.cli import draft, user_files
from blueprint.cli.commands import init as command
from blueprint.cli.main import main
from blueprint.diagnostics import Refused
from blueprint.source.loader import load_text

GOLDEN = Path(__file__).parent / "init.golden.yaml"
POOLS = ("--pool", "system=3", "--pool", "train=H100-SXM5-80GBx8x4", "--pool", "old=V100-SXM2-16GBx4x2")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def init(*arguments: str) -> tuple[int, list[tuple[str, str]]]:
    """The exit code, and code and message of the findings."""
    code = main(["init", *arguments, "--report", "json=../init.json"])
    found = json.loads(Path("../init.json").read_text("utf-8"))["diagnostics"]
    return code, [(each["code"], each["message"]) for each in found]


def valid(file: str) -> bool:
    code = main(["validate", file, "--report", "json=../validate.json"])
    return code == 0 and not json.loads(Path("../validate.json").read_text("utf-8"))["diagnostics"]


@pytest.mark.parametrize("product", load_catalog().products)
def test_every_product_of_the_catalogue_gives_a_file_without_findings(product: str) -> None:
    gpu = load_catalog().gpu(product)
    assert gpu
    board = gpu.board_gpus
    assert init("--pool", f"gpu={product}x{min(4, board.value) if board else 4}x2") == (0, [])
    assert valid("blueprint.yaml")


@pytest.mark.parametrize("distribution", ["vanilla", "eks", "gke", "aks", "openshift", "rke2", "k3s", "microk8s"])
def test_every_distribution_gives_a_file_without_findings(distribution: str) -> None:
    assert init("--distribution", distribution, *POOLS) == (0, [])
    assert valid("blueprint.yaml")


def test_the_golden(capsys: pytest.CaptureFixture[str]) -> None:
    """UPDATE_GOLDENS=1 rewrites it; rejected if CI=true."""
    assert init(*POOLS) == (0, [])
    written = Path("blueprint.yaml").read_text("utf-8")
    if os.environ.get("UPDATE_GOLDENS") == "1":
        assert os.environ.get("CI") != "true", "goldens are not updated in CI"
        GOLDEN.write_text(written, "utf-8")
    assert written == GOLDEN.read_text("utf-8")


def test_flags_decide_what_is_written() -> None:
    flags = ["--name", "acme", "--kubernetes", "v1.35.2", "--distribution", "rke2", "--os", "rhel-9.6"]
    assert init(*flags, "--driver-branch", "580", "--pool", "train=L40Sx4x8", "-o", "x.yaml")[0] == 0
    data = load_text(Path("x.yaml").read_text("utf-8"), "x.yaml").data
    assert data["metadata"]["name"] == "acme"
    assert data["spec"]["cluster"] == {"kubernetes": "1.35.2", "distribution": "rke2", "os": "rhel-9.6"}
    assert data["spec"]["nodePools"]["train"]["gpu"] == {"product": "L40S", "count": 4}
    assert data["spec"]["nodePools"]["train"]["driver"] == {"branch": "580"}


@pytest.mark.parametrize("name", ["on", "007", "null", "1e3", "y"])
def test_names_that_yaml_readers_take_for_something_else_are_quoted(name: str) -> None:
    assert init("--name", name, "--pool", f"{name}=T4x1x1") == (0, [])
    assert valid("blueprint.yaml")


def test_stdout_gets_the_same_text(capsys: pytest.CaptureFixture[str]) -> None:
    init(*POOLS)
    assert main(["init", "-o", "-", *POOLS]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(Path("blueprint.yaml").read_text("utf-8").replace("blueprint.yaml", "FILE"))


@pytest.mark.parametrize("link", [False, True])
def test_an_existing_file_is_not_touched(*, link: bool) -> None:
    if link:
        Path("blueprint.yaml").symlink_to("nowhere")
    else:
        Path("blueprint.yaml").write_text("mine", "utf-8")
    assert init(*POOLS) == (2, [("BP0003", "blueprint.yaml exists")])
    assert not Path("nowhere").exists()
    assert link or Path("blueprint.yaml").read_text("utf-8") == "mine"


def test_a_folder_that_is_missing_is_reported() -> None:
    [(code, message)] = init("-o", "nowhere/b.yaml", *POOLS)[1]
    assert (code, message) == ("BP0004", "nowhere/b.yaml cannot be written: no such file or directory")


def test_without_a_terminal_nothing_is_asked_and_what_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert init() == (2, [("BP0002", "without a terminal, --pool is required")])
    assert "Name of the platform" not in capsys.readouterr().err
    assert not Path("blueprint.yaml").exists()


def test_the_beginning_of_a_product_is_enough_where_only_one_begins_so() -> None:
    assert init("--pool", "a=h100-nvlx1x1")[0] == 0
    assert "product: H100-NVL-94GB," in Path("blueprint.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pool", "a=H100x8x1"], "--pool: H100 is ambiguous: H100-NVL-94GB, H100-PCIe-80GB, H100-S"),
        (["--pool", "a=H100-SMX5-80GBx8x1"], "--pool: there is no GPU product H100-SMX5-80GB; did you mean H100"),
        (["--pool", "a=T4x17x1"], "--pool: 17 is not a whole number from 1 to 16"),
        (["--pool", "a=T4x1"], "--pool: a=T4x1 is not NAME=PRODUCTxCOUNTxNODES"),
        (["--pool", "A=1"], "--pool: A does not have the right format: lower-case letters"),
        (["--pool", "a=1", "--pool", "a=2"], "--pool: two pools have the name a"),
        (["--pool", "a=1\nb: c"], "--pool: a=1\nb: c is not"),
        (["--pool", "a=1", "--name", "x: y"], "--name: x: y does not have the right format"),
        (["--pool", "a=1", "--kubernetes", "36"], "--kubernetes: 36 does not have the right format: a version"),
        (["--pool", "a=1", "--distribution", "ekz"], "--distribution: there is no distribution ekz; did you mean eks?"),
        (["--pool", "a=1", "--release", "2026.10"], "--release: there is no release 2026.10; did you mean 2026.11?"),
        (["--pool", "a=1", "--driver-branch", "111"], "--driver-branch: there is no driver branch 111; known: 535"),
        (["--pool", "a=1", "--os", "Ubuntu 24"], "--os: Ubuntu 24 does not have the right format"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_explained_in_words(arguments: list[str], message: str) -> None:
    code, [(_, said)] = init(*arguments)
    assert code == 2
    assert said.replace("\\n", "\n").startswith(message)
    assert not list(Path().iterdir())


def test_all_wrong_flags_are_reported_at_once() -> None:
    assert len(init("--pool", "a=?", "--name", "?", "--os", "?")[1]) == 3


def test_what_is_not_valid_is_not_kept_and_its_line_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Kubernetes 1.20 is older than the release supports: only the compiler can report it."""
    assert main(["init", "--kubernetes", "1.20", *POOLS]) == 1
    out = capsys.readouterr().out
    assert "blueprint.yaml:14:" in out
    assert 'kubernetes: "1.20"' in out
    assert not list(Path().iterdir())


def test_lists_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {}
    for what in command.LISTS:
        assert main(["init", "--list", what]) == 0
        listed[what] = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed["products"] == list(load_catalog().products)
    assert listed["releases"] == list(load_catalog().releases)
    assert listed["distributions"] == ["vanilla", "eks", "gke", "aks", "openshift", "rke2", "k3s", "microk8s"]
    assert not list(Path().iterdir())


def test_a_file_that_appears_meanwhile_is_not_overwritten() -> None:
    Path("late.yaml").write_text("mine", "utf-8")
    with pytest.raises(Refused, match=r"late\.yaml exists"):
        user_files.keep_new(Path("late.yaml"), b"ours")
    assert Path("late.yaml").read_text("utf-8") == "mine"


@pytest.mark.parametrize("step", ["fdopen", "fchmod", "link"])
def test_nothing_stays_of_a_file_that_could_not_be_written_whole(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def stopped(*_arguments: object, **_options: object) -> None:
        assert list(Path().iterdir()), "something is there that could stay"
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, step, stopped)
    with pytest.raises(KeyboardInterrupt):
        user_files.keep_new(Path("x.yaml"), b"text")
    assert not list(Path().iterdir())


def test_comments_are_not_repeated_from_pool_to_pool() -> None:
    pools = tuple(draft.PoolDraft(name, 1, "T4", 1) for name in ("a", "b"))
    text = draft.text_of(draft.Draft("x", "2026.11", "1.36", "vanilla", pools), "x.yaml")
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    assert len(comments) == len(set(comments)) > 6


@pytest.mark.parametrize("stack", sorted(draft.STACKS))
def test_every_stack_gives_a_file_without_findings(stack: str) -> None:
    pools = POOLS[:4] if stack == "operator" else ("--pool", "train=H100-SXM5-80GBx8x4")
    more = ("--distribution", "gke") if stack == "standalone" else ()
    assert init("--gpu-stack", stack, *more, *pools) == (0, [])
    assert valid("blueprint.yaml")
    assert f"gpuStack: {stack}" in Path("blueprint.yaml").read_text("utf-8")


def test_a_stack_that_does_not_exist_is_refused_with_the_nearest() -> None:
    code, found = init("--gpu-stack", "standalne", "--pool", "train=H100-SXM5-80GBx8x4")
    assert code == 2
    assert "standalone" in found[0][1]
    assert not Path("blueprint.yaml").exists()


def test_claims_are_chosen_by_a_flag() -> None:
    assert init("--allocation", "dra", "--pool", "train=H100-SXM5-80GBx8x4") == (0, [])
    assert "\n  allocation: dra\n" in Path("blueprint.yaml").read_text("utf-8")
