"""The conversion machinery, tested with a synthetic version; `test_v1alpha1.py` tests the real one."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from blueprint.cli.main import main
from blueprint.diagnostics import Refused
from blueprint.pipeline import compile_blueprint
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of, plain
from blueprint.spec import sheet, versions
from blueprint.spec.model import API_VERSION
from blueprint.spec.rewrite import converted
from blueprint.spec.upgrade import upgraded
from blueprint.spec.versions import ConversionStep, Language, Rename
from tests.support.earlier_language import LANGUAGE, NEW, OLD, OLDER, OLDEST

ROOT = Path(__file__).resolve().parents[2]
HEAD = f"apiVersion: {OLDER}\nkind: Overlay\n"


@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A tool that knows the synthetic versions, in a folder of its own."""
    monkeypatch.setattr(versions, "LANGUAGE", LANGUAGE)
    monkeypatch.chdir(tmp_path)


def convert(text: str, to: str = API_VERSION) -> str:
    return converted(text, "old.yaml", to, LANGUAGE)


def read(text: str) -> object:
    """The result of reading the older document."""
    return plain(upgraded(nodes_of(load_text(text, "old.yaml"), Layer("old.yaml", "blueprint", 0)), LANGUAGE))


def refused(text: str) -> tuple[str, str, int | None]:
    with pytest.raises(Refused) as caught:
        convert(text)
    [found] = caught.value.diagnostics
    return found.code.id, found.message, found.at.line if found.at else None


def test_renamed_moved_and_split_with_every_comment_and_every_other_byte() -> None:
    assert convert(OLD) == NEW


def test_converting_and_reading_agree() -> None:
    assert read(OLD) == load_text(NEW, "new.yaml").data


def test_a_step_alone_leads_to_the_version_between() -> None:
    between = convert(OLD, OLDER)
    assert between == OLD.replace("pools:", "nodePools:").replace(f'"{OLDEST}"', f'"{OLDER}"')
    assert convert(between) == NEW


def test_what_is_current_comes_out_byte_for_byte() -> None:
    odd = "# x\r\n\r\napiVersion:   gpublueprint.dev/v1alpha2\nspec: &a {b:   [1,2 ]}\nc: *a"
    assert convert(odd) == odd
    assert convert(NEW) == NEW


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("examples/**/*.yaml")), ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_every_example_is_current(file: Path) -> None:
    text = file.read_bytes().decode()
    if "gpublueprint.dev/" in text:
        assert converted(text, str(file), versions.LANGUAGE.current, versions.LANGUAGE) == text


def test_windows_line_ends_stay() -> None:
    assert convert(OLD.replace("\n", "\r\n")) == NEW.replace("\n", "\r\n")


def test_a_last_line_without_a_newline_is_accepted() -> None:
    text = HEAD + "spec:\n  cluster: {os: cos}\n  nodePools:\n    a:\n      modules: open"
    assert load_text(convert(text), "x").data["spec"]["nodePools"] == {"a": {"driver": {"kernelModules": "open"}}}


ENTRIES = ["modules: open", '"modules": "open"  # why', "modules:\n        # inside\n        open"]
DRIVERS = [
    "",
    "driver:\n        branch: '580'  # b\n",
    "driver: {branch: '580'}  # c\n",
    "driver: {}\n",
    "driver: {\n        branch: '580'\n      }\n",
    "driver:\n      # deep\n         branch: '580'\n",
]
AROUND = ["nodes: 1\n", "", "nodes: 1  # n\n\n      # above\n"]


@pytest.mark.parametrize(
    ("entry", "driver", "around", "first"), [*itertools.product(ENTRIES, DRIVERS, AROUND, [True, False])]
)
def test_every_way_to_write_it_is_carried_over_or_refused(entry: str, driver: str, around: str, *, first: bool) -> None:
    """Converted means: it has the meaning of the old text and all of its comments."""
    parts = [entry + "\n", driver] if first else [driver, entry + "\n"]
    text = HEAD + "spec:\n  nodePools:\n    a:\n      " + "      ".join(filter(None, [around, *parts]))
    expected = read(text)
    if "{" in driver and "inside" in entry:
        assert refused(text)[0] == "BP2011", "several lines do not fit between braces"
        return
    new = convert(text)
    assert load_text(new, "new.yaml").data == expected
    words = ("# why", "# b", "# c", "# n", "# above", "# inside", "# deep")
    assert [word for word in words if word in text] == [word for word in words if word in new]


def test_a_mapping_that_is_left_empty_goes_and_its_comments_stay() -> None:
    language = Language(("x/v1", "x/v2"), (ConversionStep("x/v1", "x/v2", (versions.Move("a.b.c", "d"),)),))
    old = "apiVersion: x/v1\n# of a\na:  # beside a\n  # of b\n  b:\n    # of c\n    c: 1  # beside c\ne: 2\n"
    new = "apiVersion: x/v2\ne: 2\n# of a\n# beside a\n# of b\n# of c\nd: 1  # beside c\n"
    assert converted(old, "x.yaml", "x/v2", language) == new


def test_null_removes_under_the_new_names_too() -> None:
    text = HEAD + "spec:\n  nodePools: {a: {gpu: {model: null}, modules: null}}\n"
    pool = {"gpu": {"product": None, "count": None}, "driver": {"kernelModules": None}}
    assert load_text(convert(text), "x").data["spec"]["nodePools"]["a"] == pool
    assert read(text)["spec"]["nodePools"]["a"] == pool  # type: ignore[index]


def test_values_that_need_quotes_get_them() -> None:
    text = HEAD + 'spec: {nodePools: {a: {gpu: {model: "1 x yes"}}}}\n'
    assert 'gpu: {product: "yes", count: 1}' in convert(text)


@pytest.mark.parametrize(
    ("spec", "message", "line"),
    [
        ("a: &shared {x: 1}\n", "the anchor or alias shared links values", 4),
        (
            "nodePools: {a: {modules: open, driver: {kernelModules: open}}}\n",
            "spec.nodePools.a.modules is now called",
            4,
        ),
        ("nodePools: {a: {gpu: {model: 8 x T4, count: 8}}}\n", "spec.nodePools.a.gpu.model is now called", 4),
        ("nodePools: {a: {modules: open, driver: provider}}\n", "spec.nodePools.a.modules is now", 4),
        ("nodePools: {a: {gpu: {model: T4}}}\n", "spec.nodePools.a.gpu.model cannot be converted: T4 is not of", 4),
    ],
)
def test_what_cannot_be_carried_over_is_reported_at_its_line(spec: str, message: str, line: int) -> None:
    code, said, at = refused(HEAD + "spec:\n  " + spec)
    assert (code, at) == ("BP2011", line)
    assert said.startswith(message)


@pytest.mark.parametrize(
    "broken", [lambda line, _by: line.replace("open", "shut"), lambda line, _by: line.partition("#")[0]]
)
def test_a_rewriting_that_says_something_else_or_loses_a_comment_is_never_given_out(broken, monkeypatch) -> None:
    """The final check can fail."""
    monkeypatch.setattr(sheet, "_shifted", broken)
    assert refused(OLD)[0] == "BP2011"


def test_a_comment_that_would_be_lost_stops_it() -> None:
    text = HEAD + "spec:\n  nodePools:\n    a:\n      gpu:\n        model:\n          # measured\n          8 x T4\n"
    assert refused(text)[1] == "old.yaml cannot be rewritten: the comment # measured would be lost"
    kept = text.replace("          # measured\n", "").replace("8 x T4", "'8 x T4'  # measured")
    assert "count: 8  # measured\n" in convert(kept)


def test_what_only_looks_like_a_comment_is_none() -> None:
    text = HEAD + "spec:\n  a: 'x # y'\n  b: |\n    # not one\n  nodePools: {a: {gpu: {model: 1 x T4}}}\n"
    assert load_text(convert(text), "x").data["spec"]["b"] == "# not one\n"


def test_a_version_that_nobody_knows_is_reported_with_those_known() -> None:
    with pytest.raises(Refused) as caught:
        convert("apiVersion: gpublueprint.dev/v7\n")
    [found] = caught.value.diagnostics
    assert (found.code.id, found.message) == ("BP2010", "there is no version gpublueprint.dev/v7")
    assert found.help == f"known: {OLDEST}, {OLDER}, {API_VERSION}"


def test_documents_are_never_converted_back_and_every_version_has_a_successor() -> None:
    with pytest.raises(ValueError, match="no way back"):
        LANGUAGE.way(API_VERSION, OLDER)
    with pytest.raises(ValueError, match="leads on"):
        Language(("a", "b"))
    with pytest.raises(ValueError, match="leads on"):
        Language(("a", "b"), (ConversionStep("b", "a", (Rename("x", "y"),)),))


@pytest.mark.usefixtures("earlier")
def test_an_older_blueprint_with_an_older_overlay_compiles_to_the_same_objects() -> None:
    overlay = "apiVersion: {}\nkind: Overlay\nspec:\n  {}:\n    train: {{modules: open, gpu: {{model: 4 x T4}}}}\n"
    texts = {
        "base.yaml": overlay.format(OLDER, "nodePools"),
        "old.yaml": OLD.replace("kind: Blueprint\n", "kind: Blueprint\nextends: [base.yaml]\n"),
        "new.yaml": NEW.replace("kind: Blueprint\n", "kind: Blueprint\nextends: [base.yaml]\n"),
    }
    for name, text in texts.items():
        Path(name).write_text(text, "utf-8")
    old, new = (compile_blueprint(name).bundle for name in ("old.yaml", "new.yaml"))
    assert old is not None
    assert new is not None
    assert [obj.data for obj in old.objects] == [obj.data for obj in new.objects]


@pytest.mark.usefixtures("earlier")
def test_mistakes_in_an_older_document_are_reported_at_their_own_lines() -> None:
    Path("old.yaml").write_text(OLD.replace("8 x H100-SXM5-80GB", "8 x H100-SMX5-80GB"), "utf-8")
    found, note = compile_blueprint("old.yaml").diagnostics
    assert (found.code.id, note.code.id) == ("BP3101", "BP2012")
    assert found.at is not None
    assert (found.at.file, found.at.line) == ("old.yaml", 1 + OLD[: OLD.index("8 x H100")].count("\n"))


@pytest.mark.usefixtures("earlier")
def test_the_command_prints_writes_and_replaces(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    old, new = b"\xef\xbb\xbf" + OLD.encode(), b"\xef\xbb\xbf" + NEW.encode()
    Path("a.yaml").write_bytes(old)
    Path("a.yaml").chmod(0o640)
    assert main(["convert", "a.yaml"]) == 0
    assert capfdbinary.readouterr().out == new
    assert main(["convert", "a.yaml", "-o", "b.yaml"]) == 0
    assert Path("b.yaml").read_bytes() == new
    assert main(["convert", "a.yaml", "-o", "b.yaml"]) == 2, "another file is not overwritten"
    assert main(["convert", "a.yaml", "-o", "./a.yaml", "--to", "v1alpha2"]) == 0
    assert Path("a.yaml").read_bytes() == new
    assert Path("a.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path().iterdir()) == ["a.yaml", "b.yaml"]


@pytest.mark.usefixtures("earlier")
def test_a_file_that_cannot_be_converted_is_left_alone() -> None:
    text = OLD.replace("model: 8 x", "model: 8 times")
    Path("a.yaml").write_text(text, "utf-8")
    assert main(["convert", "a.yaml", "-o", "a.yaml"]) == 1
    assert Path("a.yaml").read_text("utf-8") == text
    assert [path.name for path in Path().iterdir()] == ["a.yaml"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["a.yaml", "--to", "v2"], 2, "--to v2: there is no such version"),
        (["a.yaml", "--to", "v1alpha3"], 2, "--to v1alpha3: there is no such version"),
        (["nowhere.yaml"], 2, "cannot read nowhere.yaml: no such file or directory"),
        (["list.yaml"], 1, "list.yaml has no apiVersion"),
        (["empty.yaml"], 1, "empty.yaml has no apiVersion"),
        (["odd.yaml"], 1, "there is no version ['gpublueprint.dev/v1alpha2']"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    arguments: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(NEW, "utf-8")
    Path("list.yaml").write_text("[1]", "utf-8")
    Path("empty.yaml").touch()
    Path("odd.yaml").write_text("apiVersion: [gpublueprint.dev/v1alpha2]", "utf-8")
    assert main(["convert", *arguments, "--report", "json=../report.json"]) == code
    [found] = json.loads(Path("../report.json").read_text("utf-8"))["diagnostics"]
    assert found["message"] == message
