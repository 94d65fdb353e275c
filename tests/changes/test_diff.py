"""`diff` reports two inputs as the same exactly if everything that they determine is the same, and names
differences.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.bundle.layout import LOCK, PROVENANCE
from blueprint.bundle.model import Object, ObjectId
from blueprint.changes.cluster_effects import cluster_effects
from blueprint.changes.compare import Action, FieldChange, ObjectChange, compare_objects
from blueprint.changes.platform_changes import compare_parts, platform_parts
from blueprint.cli.main import main
from blueprint.diagnostics import Refused
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.source.loader import load_text

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/blueprint.yaml"))
EXAMPLE = ROOT / "examples" / "h100-training" / "blueprint.yaml"
TWO = ("a.yaml", "b.yaml")
Diff = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diff:
    """`diff a.yaml b.yaml`, where b is a with some text replaced, or with other targets; returns the exit code and the
    report.
    """
    monkeypatch.chdir(tmp_path)
    text = EXAMPLE.read_text("utf-8")
    Path("a.yaml").write_text(text, "utf-8")

    def run(old: str = "", new: str = "", targets: tuple[str, str] = TWO) -> tuple[int, dict[str, Any]]:
        assert old in text
        Path("b.yaml").write_text(text.replace(old, new, 1) if old else text, "utf-8")
        code = main(["diff", *targets, "--report", "json=report.json"])
        return code, json.loads(Path("report.json").read_text("utf-8"))

    return run


def parts(report: dict[str, Any]) -> dict[str, list[str]]:
    """The reported differences of the platform: the names of fields by part."""
    return {
        each["part"]: [field["path"] for field in each.get("fields", [])] for each in report.get("platform", [])
    }  # fmt: skip


def codes(report: dict[str, Any]) -> list[str]:
    return [found["slug"] for found in report["diagnostics"]]


@pytest.mark.parametrize(
    ("old", "new", "part", "field", "code"),
    [
        ("nodes: 4", "nodes: 64", "pool/train", "nodes", ""),
        (", count: 8", ", count: 4", "pool/train", "gpu.count", ""),
        ("ecc: true", "ecc: false", "expectations/train", "ecc-mode", ""),
        ("nics: 8", "nics: 2", "expectations/train", "network-cards.cards", ""),
        ('      driver: {branch: "580"}', '      driver: {branch: "570"}', "pool/lab", "driver.branch", ""),
        ("1.36.3", "1.33.1", "cluster", "kubernetes", "kubernetes-downgrade"),
        ("1.36.3", "1.36.4", "cluster", "kubernetes", "kubernetes-change"),
        ("ubuntu-24.04", "ubuntu-22.04", "cluster", "os", "cluster-change"),
        ("version: 1.0.0", "version: 1.0.1", "platform", "version", ""),
        ("name: h100-training", "name: other", "platform", "name", "platform-renamed"),
    ],
)
def test_what_renders_no_object_is_compared_and_named(
    old: str, new: str, part: str, field: str, code: str, diff: Diff
) -> None:
    exit_code, report = diff(old, new)
    assert exit_code == 1
    assert field in parts(report)[part]
    assert report["verdict"].startswith("They differ: ")
    [said] = [each for each in report["platform"] if each["part"] == part]
    [told] = [each for each in said["fields"] if each["path"] == field]
    written = new.rsplit(",", maxsplit=1)[-1].strip()
    line = next(n for n, text in enumerate(Path("b.yaml").read_text().splitlines(), 1) if written in text)
    assert line in [source["at"]["line"] for source in told["origin"]["sources"]]
    assert code in (codes(report) or [""])


@pytest.mark.parametrize(
    ("old", "new", "sentence", "path"),
    [
        (", count: 8", ", count: 4", "Each node has 4 x", "spec.nodePools.train.gpu.count"),
        ("H100-SXM5-80GB", "H100-SXM5-94GB", "Each node has 8 x", "spec.nodePools.train.gpu.product"),
        ("nics: 8", "nics: 2", "Each node has 2 network cards", "spec.nodePools.train.network.nics"),
    ],
)
def test_a_prerequisite_is_attributed_to_the_value_that_changed(
    old: str, new: str, sentence: str, path: str, diff: Diff
) -> None:
    """Other values of the same line determine the sentence, too, but did not change."""
    _, report = diff(old, new)
    [needs] = [each for each in report["platform"] if each["part"] == "prerequisites/train"]
    [field] = [each for each in needs["fields"] if str(each.get("after")).startswith(sentence)]
    assert field["origin"]["sources"][0]["path"] == path


def test_another_source_is_the_same_platform(diff: Diff) -> None:
    assert diff()[0] == 0
    code, report = diff("spec:\n", "# why\nspec:\n")
    assert (code, report["diagnostics"], report.get("platform")) == (0, [], None)
    assert "The same platform from other files" in report["verdict"]


@pytest.mark.parametrize("targets", [TWO, TWO[::-1], ("a.yaml", "none.yaml"), ("a.yaml", "x")])
def test_a_side_that_is_invalid_exits_2(targets: tuple[str, str], diff: Diff) -> None:
    Path("x").mkdir()
    code, report = diff("release:", "realease:", targets)
    assert (code, report["exitCode"]) == (2, 2)
    assert report["diagnostics"]


def test_bundles_blueprints_and_revisions_compare_alike(diff: Diff) -> None:
    for git in ("init -q -b main .", "add a.yaml", "-c user.name=x -c user.email=x commit -qm x"):
        subprocess.run(["git", *git.split()], check=True)
    reports = []
    diff("nodes: 4", "nodes: 64")
    for name in ("a", "b"):
        assert main(["compile", f"{name}.yaml", "-o", name]) == 0
    for targets in itertools.product(("a.yaml", "a", "main:a.yaml"), ("b.yaml", "b")):
        code, report = diff("nodes: 4", "nodes: 64", targets)
        assert code == 1
        reports.append((parts(report), report["changes"], codes(report)))
    assert all(report == reports[0] for report in reports)
    for targets in itertools.product(("a.yaml", "a", "main:a.yaml"), repeat=2):
        assert diff(targets=targets)[0] == 0


def test_an_edited_bundle_is_compared_as_it_is(diff: Diff) -> None:
    assert main(["compile", "a.yaml", "-o", "a"]) == 0
    file = next(Path("a/manifests").rglob("clusterpolicy*.yaml"))
    file.write_text(file.read_text().replace("maxParallelUpgrades: 2", "maxParallelUpgrades: 7"))
    Path("a/manifests/mine.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n")
    code, report = diff(targets=("a.yaml", "a"))
    assert (code, codes(report).count("bundle-file-edited")) == (1, 2)
    changed = {change["object"]: change for change in report["changes"]}
    assert {name: change["action"] for name, change in changed.items()} == {
        "ClusterPolicy/cluster-policy": "update", "ConfigMap/mine": "create",
    }  # fmt: skip
    [field] = changed["ClusterPolicy/cluster-policy"]["fields"]
    assert (field["path"], field["after"]) == ("spec.driver.upgradePolicy.maxParallelUpgrades", 7)
    Path("a", PROVENANCE).write_text("{}")
    assert diff(targets=("a.yaml", "a"))[0] == 2


def test_check_and_diff_agree(diff: Diff) -> None:
    """If only the source differs, `compile --check` reports it; otherwise both report the same differences."""
    assert main(["compile", "a.yaml", "-o", "out"]) == 0
    for old, new in (("spec:\n", "# why\nspec:\n"), ("ecc: true", "ecc: false"), ("nodes: 4", "nodes: 5")):
        code, _ = diff(old, new, ("out", "b.yaml"))
        assert main(["compile", "b.yaml", "-o", "out", "--check", "--report", "json=check.json"]) == 1
        check = json.loads(Path("check.json").read_text())
        names = {Path(found["message"].split()[0]).name for found in check["diagnostics"]}
        assert {LOCK, PROVENANCE} <= names
        assert ("the platform is the same" in check["verdict"]) == (code == 0)


def test_labels_alone_are_one_line_for_many_objects(diff: Diff, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = diff("name: h100-training", "name: other")
    labelled = [c for c in report["changes"] if all(f["path"].startswith("metadata.labels") for f in c["fields"])]
    assert len(labelled) > 20
    capsys.readouterr()
    main(["diff", "a.yaml", "b.yaml"])
    text = capsys.readouterr().out
    assert f'{len(labelled)} objects: only labels: app.kubernetes.io/instance "h100-training" -> "other"' in text
    assert not any(f" {change['object']}\n" in text for change in labelled)


def test_items_in_another_order_are_a_difference() -> None:
    """Lists whose items have names are matched by name; by names alone, a new order would be no difference."""
    items = [{"name": "a"}, {"name": "b"}]
    one, other = ({"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": s} for s in (items, items[::-1]))
    [change] = compare_objects([Object(one, "c")], [Object(other, "c")])
    assert (change.action, change.reason) == (Action.UPDATE, "the same items in another order")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "y"]), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_two_objects_are_unchanged_exactly_if_they_are_equal(one: Any, other: Any) -> None:
    """Compared exactly: 1, true and "1" are three values."""
    head = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}}
    objects = [Object({**head, "spec": spec}, "c") for spec in (one, other)]
    [change] = compare_objects(objects[:1], objects[1:])
    assert (change.action is Action.UNCHANGED) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def kubernetes(before: str, after: str) -> list[tuple[str, str]]:
    field = FieldChange(("kubernetes",), before, after)
    found = cluster_effects([ObjectChange(ObjectId("", "cluster", "", ""), Action.UPDATE, (field,))])
    return [(each.code.slug, each.severity.value) for each in found]


def test_kubernetes_goes_up_with_a_warning_and_down_as_an_error() -> None:
    assert kubernetes("1.34", "1.36") == kubernetes("1.36.1", "1.36.3") == [("kubernetes-change", "warning")]
    assert kubernetes("1.36", "1.9") == kubernetes("1.36.3", "1.36.1") == [("kubernetes-downgrade", "error")]


def edited(text: str, chance: random.Random) -> str:
    """The text with one value replaced by another of its type."""
    document = load_text(text, "blueprint.yaml")
    places = [(path, value) for path, value in leaves(document.data) if len(path) > 1]
    path, value = chance.choice(places)
    span = document.span(path)
    new = f'"{value}x"' if isinstance(value, str) else json.dumps(not value if isinstance(value, bool) else 7)
    lines = text.splitlines(keepends=True)
    if span.line != span.end_line:
        return text
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + new + line[span.end_column - 1 :]
    return "".join(lines)


def leaves(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    return [(at, data)] if items is None else [leaf for key, value in items for leaf in leaves(value, (*at, key))]


def variants(folder: Path, text: str, chance: random.Random, wanted: int) -> list[Compilation]:
    """The example, and valid edits of it."""
    found = []
    for _ in range(25):
        (folder / "blueprint.yaml").write_text(text if not found else edited(text, chance), "utf-8")
        try:
            compilation = compile_blueprint(str(folder / "blueprint.yaml"))
        except Refused:
            continue
        found += [compilation] if compilation.files else []
        if len(found) == wanted:
            break
    assert len(found) > 1, "no edit was valid"
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_edits_of_an_example_are_the_same_exactly_if_their_bundles_are(example: Path, tmp_path: Path) -> None:
    """Everything in a bundle is compared, except line numbers and the digests that depend on them."""
    shutil.copytree(example.parents[1], tmp_path, dirs_exist_ok=True)  # some extend neighbouring files
    chance = random.Random(example.parent.name)  # noqa: S311 - edits, not secrets
    sides = variants(tmp_path / example.parent.name, example.read_text("utf-8"), chance, 3)
    for one, other in itertools.combinations(sides, 2):
        assert one.files
        assert other.files
        assert one.bundle
        assert other.bundle
        changed = compare_parts(platform_parts(one.files.__getitem__), platform_parts(other.files.__getitem__))
        changed += [c for c in compare_objects(one.bundle.objects, other.bundle.objects) if c.action != "unchanged"]
        assert bool(changed) == (unplaced(one) != unplaced(other))


_PLACES = ("sources", "inputs", "files", "digest")


def unplaced(compilation: Compilation) -> dict[str, Any]:
    """The files of a bundle without positions, digests and input hashes."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(item) for key, item in value.items() if key not in _PLACES}
        return [without(item) for item in value] if isinstance(value, list) else value

    files = compilation.files or {}
    said = {name: data for name, data in files.items() if name not in (PROVENANCE, LOCK, "expectations.json")}
    said.pop("prerequisites.json")
    parsed = {name: without(json.loads(files[name])) for name in (LOCK, "expectations.json", "prerequisites.json")}
    images = {image["ref"]: image["digest"] for image in json.loads(files[LOCK])["images"]}
    return {**said, **parsed, "image digests": images}
