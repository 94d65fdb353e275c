"""CEL expressions: parsed parts have their positions, and syntax errors are reported at theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.cel.syntax import CelError, TooComplexError, parse

READABLE = (
    "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'gpu'",
    "device.attributes[\"gpu.nvidia.com\"].productName.lowerAscii().matches(r'^.*a100.*$')",
    "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0 // at least",
    "'addressingMode' in device.attributes['gpu.nvidia.com'] ? true : !false",
    "device.attributes['gpu.nvidia.com'].?index.orValue(0) <= -1 + 2 * 3 % 4 / 5",
    "cel.bind(dra, device.attributes['gpu.nvidia.com'], dra.type == 'mig' || has(dra.profile))",
    "['1g.10gb', '2g.20gb',].exists(each, each == 'x') && {'a': 1, 'b': 2u}['a'] > 0x1F",
    "device.attributes['x'].`a.b/c` != '''three''' && 1.5e3 > .5",
    "google.protobuf.Duration{seconds: 3} == duration('3s')",
)
UNREADABLE = {
    "": 0, "a ==": 4, "a == 'b": 5, "(a": 2, "a b": 2, "a and b": 2, "f(a,,b)": 4, "a[1": 3, "a = b": 2, "a ? b": 5,
    "{1}": 2, "a.1": 1, "a..b": 2, "a && && b": 5, "#": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", READABLE)
def test_every_part_of_an_expression_knows_its_place(text: str) -> None:
    tree = parse(text)
    for node in tree.walk():
        assert 0 <= node.start < node.end <= len(text)
        if node.kind in ("name", "select") and not node.value.count("."):
            assert node.value in text[node.start : node.end]
        assert all(node.start <= part.start and part.end <= node.end for part in node.parts if node.kind != "unary")


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_not_an_expression_is_refused_where_it_goes_wrong(text: str) -> None:
    with pytest.raises(CelError) as refused:
        parse(text)
    assert refused.value.start == UNREADABLE[text]
    assert refused.value.text


def test_operators_bind_as_the_language_says() -> None:
    tree = parse("a || b && c == 1 + 2 * 3")
    assert (tree.value, tree.parts[1].value, tree.parts[1].parts[1].value) == ("||", "&&", "==")
    assert [node.value for node in tree.walk() if node.kind == "binary"] == ["||", "&&", "==", "+", "*"]
    assert [part.value for part in parse("a && b && (c && d)").parts[:2]] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2000,
        "[" * 2000,
        "a?" * 2000,
        "f(" * 2000,
        "{" * 2000,
        "!" * 5000 + "a",
        "a" + ".a" * 5000,
        "1" + "+1" * 5000,
    ],
)
def test_depth_is_refused_and_no_stack_overflows(text: str) -> None:
    with pytest.raises(CelError):
        parse(text)


def test_a_long_chain_does_not_count_as_depth() -> None:
    assert parse(" && ".join(["a.b == 1"] * 800)).kind == "binary"


@given(st.text(alphabet="ab.'\"()[]{}?:&|=<>!+-*/%,0 1\\\n", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except CelError as error:
        assert 0 <= error.start <= len(text)  # noqa: PT017 - either way is right
        return
    assert all(node.end <= len(text) for node in tree.walk())


def test_what_is_joined_stands_side_by_side() -> None:
    """However long the chain is, nothing is copied for each part."""
    for operator in ("&&", "||"):
        tree = parse(f" {operator} ".join(f"a{number}" for number in range(1_000)))
        assert [part.value for part in tree.parts] == [f"a{number}" for number in range(1_000)]
        assert sum(1 for _ in tree.walk()) == 1_001
    mixed = parse("a || b && c && d || e")
    assert [part.kind for part in mixed.parts] == ["name", "binary", "name"]


def test_a_text_of_megabytes_is_not_read() -> None:
    parse("a" * 100_000)
    with pytest.raises(TooComplexError, match="more than 100000 characters"):
        parse("a" * 100_001)
