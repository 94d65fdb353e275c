"""Precedence: overlays by position, the blueprint over them, the command line over all; and the origin of values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.diagnostics import Refused
from blueprint.source.layers import load_layers
from blueprint.source.loader import load_text
from blueprint.source.merge import Disagreement, Layer, Node, merge, nodes_of, plain, remove_nulls
from blueprint.source.paths import format_path, from_pointer, parse_path, pointer

OVERLAY = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write files, by name, into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            Path(f"{name}.yaml").write_text(text, "utf-8")

    return write


def spec(*arguments: Any, **options: Any) -> Any:
    """The merged spec."""
    layered = load_layers("blueprint.yaml", *arguments, **options)
    assert layered.diagnostics == ()
    return plain(layered.root).get("spec")


def test_later_overlays_win_and_the_blueprint_wins_over_all(write: Any) -> None:
    write(
        one=OVERLAY + "spec: {a: 1, b: 1, c: 1, list: [1, 2], map: {p: 1}}",
        two=OVERLAY + "spec: {b: 2, c: 2, list: [3], map: {q: 2}}",
        blueprint="extends: [one.yaml, two.yaml]\nspec: {c: 3, map: {r: 3}}",
    )
    assert spec() == {"a": 1, "b": 2, "c": 3, "list": [3], "map": {"p": 1, "q": 2, "r": 3}}


def test_what_an_overlay_extends_ranks_below_it(write: Any) -> None:
    write(
        base=OVERLAY + "spec: {a: base, b: base}",
        one=OVERLAY + "extends: [base.yaml]\nspec: {a: one}",
        blueprint="extends: [one.yaml]\nspec: {}",
    )
    assert spec() == {"a": "one", "b": "base"}


def test_a_file_takes_part_once_at_its_first_place(write: Any) -> None:
    write(
        base=OVERLAY + "spec: {a: base}",
        one=OVERLAY + "extends: [base.yaml]\nspec: {a: one}",
        two=OVERLAY + "extends: [base.yaml]\nspec: {b: two}",
        blueprint="extends: [one.yaml, two.yaml]\nspec: {}",
    )
    assert spec() == {"a": "one", "b": "two"}


def test_only_the_spec_of_an_overlay_counts(write: Any) -> None:
    write(one=OVERLAY + "metadata: {name: one}\nspec: {a: 1}", blueprint="metadata: {name: b}\nextends: [one.yaml]\n")
    assert plain(load_layers("blueprint.yaml").root)["metadata"] == {"name": "b"}


def test_an_overlay_may_remove_what_is_not_there_but_not_forget_a_value(write: Any) -> None:
    write(
        one=OVERLAY + "spec: {a: null, b: ~}\n",
        two=OVERLAY + "spec:\n  c:\n",
        blueprint="extends: [one.yaml, two.yaml]\nspec: {}",
    )
    layered = load_layers("blueprint.yaml")
    assert plain(layered.root)["spec"] == {}
    assert [(found.code.id, found.path) for found in layered.diagnostics] == [("BP2102", "spec.c")]


def test_null_removes_and_must_have_something_to_remove(write: Any) -> None:
    write(one=OVERLAY + "spec: {a: 1, b: {c: 1}}", blueprint="extends: [one.yaml]\nspec: {a: null, b: ~, d: null}")
    layered = load_layers("blueprint.yaml")
    assert plain(layered.root)["spec"] == {}
    assert [(found.code.id, found.path) for found in layered.diagnostics] == [("BP2102", "spec.d")]


def test_siblings_may_say_the_same_and_may_not_disagree(write: Any) -> None:
    write(
        one=OVERLAY + "spec: {a: 1, b: 1, c: {p: 1}}",
        two=OVERLAY + "spec: {a: 1, b: 2, c: {q: 1}}",
        blueprint="extends: [[one.yaml, two.yaml]]\nspec: {}",
    )
    layered = load_layers("blueprint.yaml")
    assert [found.path for found in layered.diagnostics] == ["spec.b"]


def test_every_value_knows_its_line_and_what_it_replaced(write: Any) -> None:
    write(
        one=OVERLAY + "spec:\n  a: 1\n",
        two=OVERLAY + "spec:\n  a: 2\n",
        blueprint="extends: [one.yaml, two.yaml]\nspec:\n  a: 3\n",
    )
    node = load_layers("blueprint.yaml", sets=["spec.a=4"]).root.get(("spec", "a"))
    said = []
    while node:
        said.append((node.value, node.layer.kind, str(node.span)))
        node = node.replaced
    assert said == [
        (4, "set", "--set:1:8"),
        (3, "blueprint", "blueprint.yaml:3:6"),
        (2, "overlay", "two.yaml:4:6"),
        (1, "overlay", "one.yaml:4:6"),
    ]


def test_overlays_of_the_command_line_win_over_the_blueprint(write: Any) -> None:
    write(one=OVERLAY + "spec: {a: 1}", two=OVERLAY + "spec: {a: 2}", blueprint="spec: {a: 0, b: 0}")
    assert spec(["one.yaml", "two.yaml"]) == {"a": 2, "b": 0}


@pytest.mark.parametrize(
    ("sets", "result"),
    [
        (["spec.a=2"], {"a": 2}),
        (["spec.a=2", "spec.a=3"], {"a": 3}),
        (['spec.a="2"'], {"a": "2"}),
        (["spec.a="], {"a": ""}),
        (["spec.a=x=y"], {"a": "x=y"}),
        (["spec.a=~"], {}),
        (["spec.a=null"], {}),
        (["spec.a={b: [1, 2]}"], {"a": {"b": [1, 2]}}),
        (['spec.labels["acme.example/pool"]=train'], {"a": 1, "labels": {"acme.example/pool": "train"}}),
        (['spec.labels["a=b"]=c'], {"a": 1, "labels": {"a=b": "c"}}),
        (["spec.new.deep.er=true"], {"a": 1, "new": {"deep": {"er": True}}}),
        (["spec.list[1]=9"], {"a": 1, "list": [0, 9]}),
        (["spec.list[1]=9", "spec.list[0]=8"], {"a": 1, "list": [8, 9]}),
        (["spec.list=[]"], {"a": 1, "list": []}),
        (["spec.items[0].name=you"], {"a": 1, "items": [{"name": "you", "keep": 1}]}),
    ],
)  # fmt: skip
def test_set_puts_one_value_in_its_place(sets: list[str], result: dict[str, Any], write: Any) -> None:
    write(blueprint="spec:\n  a: 1\n  labels: {}\n  list: [0, 0]\n  items: [{name: me, keep: 1}]\n")
    expected = {"a": 1, "labels": {}, "list": [0, 0], "items": [{"name": "me", "keep": 1}]} | result
    if "a" not in result:
        del expected["a"]
    assert spec((), sets) == expected


@pytest.mark.parametrize("text", ["spec", "=1", "spec.=1", "spec[=1", "spec.a[x]=1", "spec.a[-1]=1", "", "a b=1"])
def test_a_malformed_set_is_left_out_with_exit_2(text: str, write: Any) -> None:
    write(blueprint="spec: {a: [1]}")
    layered = load_layers("blueprint.yaml", (), [text])
    assert layered.exit_code == 2
    assert layered.diagnostics[0].code.id == "BP1020"
    assert plain(layered.root) == {"spec": {"a": [1]}}


def test_an_overlay_that_cannot_be_read_is_left_out_and_hides_nothing(write: Any) -> None:
    """`c` may have a value in the file that cannot be read, so its null is not reported."""
    write(
        bad=OVERLAY + "spec: {a: 1",
        one=OVERLAY + "spec: {a: 1, b: 1}",
        two=OVERLAY + "spec: {b: 2}",
        blueprint="extends: [bad.yaml, [one.yaml, two.yaml], none.yaml]\nspec: {c: null}",
    )
    layered = load_layers("blueprint.yaml", ["absent.yaml"])
    assert [found.code.id for found in layered.diagnostics] == ["BP1002", "BP1001", "BP1001", "BP2101"]
    assert plain(layered.root)["spec"] == {"a": 1, "b": 2}
    assert layered.incomplete
    assert layered.exit_code == 2


def test_without_the_blueprint_every_document_that_cannot_be_read_is_named(write: Any) -> None:
    write(one="a: [")
    with pytest.raises(Refused) as caught:
        load_layers("blueprint.yaml", ["one.yaml"])
    assert [found.code.id for found in caught.value.diagnostics] == ["BP1001", "BP1002"]
    assert caught.value.exit_code == 2


LEAVES = st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2)
SPECS: st.SearchStrategy[Any] = st.deferred(
    lambda: st.builds(
        lambda leaves, maps: {**leaves, **maps},
        st.dictionaries(st.sampled_from(["a", "b"]), LEAVES),
        st.dictionaries(st.sampled_from(["m", "n"]), SPECS, max_size=1),
    )
)
"""Trees in which a key is either always a map or never, as in any one language."""


def node(data: Any, rank: int) -> Node:
    """The data as a layer with this rank; every span names the layer."""
    import json

    return nodes_of(load_text(json.dumps(data), f"{rank}.yaml"), Layer(f"{rank}.yaml", "overlay", rank))


def history(found: Node) -> Any:
    """Values and positions, including the history."""
    return [
        (path, each.span, each.layer.rank)
        for path, each in found.walk()
        if not isinstance(each.value, dict)
    ]  # fmt: skip


@given(SPECS, SPECS, SPECS)
def test_merging_is_associative_and_keeps_where_values_are_from(one: Any, two: Any, three: Any) -> None:
    low, middle, high = node(one, 0), node(two, 1), node(three, 2)
    none: list[Disagreement] = []
    left = merge(merge(low, middle, none), high, none)
    right = merge(low, merge(middle, high, none), none)
    assert plain(left) == plain(right)
    assert history(left) == history(right)
    assert none == []


@given(SPECS, SPECS)
def test_merging_changes_neither_side(one: Any, two: Any) -> None:
    low, high = node(one, 0), node(two, 1)
    merge(low, high, [])
    assert (plain(low), plain(high)) == (one, two)


@given(SPECS, SPECS)
def test_every_leaf_says_who_wrote_it(one: Any, two: Any) -> None:
    merged = merge(node(one, 0), node(two, 1), [])
    for path, found in merged.walk():
        if not isinstance(found.value, dict):
            written: Any = (one, two)[found.layer.rank]
            for step in path:
                written = written[step]
            assert written == plain(found)


def test_removing_nulls_leaves_nothing_null() -> None:
    root = node({"a": {"b": None, "c": {"a": None}}, "b": [{"a": None}]}, 0)
    assert [path for path, _ in remove_nulls(root)] == [("a", "b"), ("a", "c", "a"), ("b", 0, "a")]
    assert plain(root) == {"a": {"c": {}}, "b": [{}]}


STEPS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.integers(0, 12)
    | st.sampled_from(["a.b/c", 'q"', "[0]", "~1", "-"])
)


@given(st.lists(STEPS, max_size=5).map(tuple))
def test_a_path_survives_being_written_and_read(path: tuple[str | int, ...]) -> None:
    assert parse_path(format_path(path)) == path


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.integers(0, 3), max_size=5).map(tuple)
)
def test_a_pointer_survives_being_written_and_read(path: tuple[str | int, ...]) -> None:
    data: Any = None
    for step in reversed(path):
        data = [data] * 4 if isinstance(step, int) else {step: data}
    assert from_pointer(pointer(path), data) == path


def test_list_items_are_named_by_their_key_where_they_have_one() -> None:
    data = {"containers": [{"name": "a]b"}, {"name": "spy", "args": ["x"]}], "args": ["x"]}
    assert format_path(("containers", 1, "args", 0), data) == "containers[name=spy].args[0]"
    assert parse_path("containers[name=spy].args[0]", data) == ("containers", 1, "args", 0)
    with pytest.raises(ValueError, match="no list item has name=nobody"):
        parse_path("containers[name=nobody]", data)


@pytest.mark.parametrize("text", ["a..b", "a.", "[", "a[", "a[b", "a]", "a b", '["a', "a[x=1"])
def test_what_is_not_a_path_is_refused_with_the_column(text: str) -> None:
    with pytest.raises(ValueError, match=r"column \d+"):
        parse_path(text)
