"""Templates: the rendered output, and that every field knows what determined it, including omitted neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.diagnostics import Refused, Span
from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source
from blueprint.render.engine import Rendered, render
from blueprint.render.template import load_template


class Facts:
    """Names whose reads are recorded under their own name."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        record(Source("blueprint", Span("b.yaml", 1, 1, 1, 2), name))
        return self._values[name]


def rendered(text: str, folder: Path, **values: Any) -> list[Rendered]:
    """Every document of a template with `on`, `off`, `names`, `none`, `word` and the given values as `f`."""
    (folder / "t.yaml").write_text(text, "utf-8")
    facts = Facts(
        **({"on": True, "off": False, "names": ("a", "b"), "none": (), "word": "w", "map": {"k": "v"}} | values)
    )
    return [made for template in load_template(folder / "t.yaml") for made in render(template, {"f": facts})]


def one(text: str, folder: Path, **values: Any) -> Rendered:
    """The only document."""
    [made] = rendered(text, folder, **values)
    return made


def paths(made: Rendered, *path: str | int) -> set[str]:
    """The paths that determined a field."""
    return {source.path for source in made.origins[path].sources}


def test_an_exact_expression_keeps_its_type_and_text_is_text(tmp_path: Path) -> None:
    made = one("a: '{{ f.on }}'\nb: 'x{{ f.word }}'\nc: '{{ f.names }}'\nd: 8\n", tmp_path)
    assert made.data == {"a": True, "b": "xw", "c": ["a", "b"], "d": 8}
    assert (paths(made, "a"), paths(made, "b"), paths(made, "d")) == ({"on"}, {"word"}, set())


def test_omit_and_empty_maps_leave_the_key_out(tmp_path: Path) -> None:
    text = "a: '{{ omit }}'\nb: {c: '{{ f.off or omit }}'}\nd: {}\ne: [{$if: f.off, x: 1}]\n"
    assert one(text, tmp_path).data == {"d": {}}


def test_a_document_may_be_repeated_or_left_out(tmp_path: Path) -> None:
    text = "$for: n in f.names\nname: '{{ n }}'\n---\n$if: f.off\nname: never\n"
    made = rendered(text, tmp_path)
    assert [each.data for each in made] == [{"name": "a"}, {"name": "b"}]
    assert paths(made[0]) == {"names"}


def test_merge_puts_entries_in_and_later_keys_win(tmp_path: Path) -> None:
    made = one("m: {$merge: f.map, l: 2}\no: {$merge: f.map, k: 3}\n", tmp_path)
    assert made.data == {"m": {"k": "v", "l": 2}, "o": {"k": 3}}
    assert paths(made, "m", "k") == {"map"}


def test_a_key_that_is_an_expression_decides_its_field(tmp_path: Path) -> None:
    made = one("'x-{{ f.word }}': 1\n", tmp_path)
    assert made.data == {"x-w": 1}
    assert paths(made, "x-w") == {"word"}


def test_a_value_in_place_of_a_map_keeps_what_decided_it(tmp_path: Path) -> None:
    made = one("list:\n- {$for: n in f.names, $if: f.on, $value: '{{ f.word }}{{ n }}'}\n", tmp_path)
    assert made.data == {"list": ["wa", "wb"]}
    assert paths(made, "list", 0) >= {"word", "on"}
    assert paths(made, "list") == {"names"}


@pytest.mark.parametrize(
    ("item", "by"),
    [("{$if: f.off, x: 1}", "off"), ("{$for: n in f.none, x: 1}", "none"), ("'{{ f.off or omit }}'", "off")],
)
def test_an_item_that_is_left_out_is_noted_on_its_list(item: str, by: str, tmp_path: Path) -> None:
    """It changes the index of later items, so they depend on it, too."""
    made = one(f"list:\n- {item}\n- last\n", tmp_path)
    assert made.data == {"list": ["last"]}
    assert by in paths(made, "list")
    assert paths(made, "list", 0) == set()


def test_every_rendered_field_has_a_place_in_the_template(tmp_path: Path) -> None:
    made = one("a:\n  b:\n  - c: 1\n    d: '{{ f.word }}'\n", tmp_path)
    places = {path: (origin.template.line, origin.template.column) for path, origin in made.origins.items()}
    assert places == {
        (): (1, 1),
        ("a",): (1, 1),
        ("a", "b"): (2, 3),
        ("a", "b", 0): (3, 5),
        ("a", "b", 0, "c"): (3, 8),
        ("a", "b", 0, "d"): (4, 8),
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: '{{ missing }}'",
        "a: '{{ f.word + 1 }}'",
        "a: '{{ 1 / 0 }}'",
        "a: '{{ f.word | random }}'",
        "a: '{{ f.word.__class__.__mro__ }}'",
        "a: '{{ cycler.__init__.__globals__ }}'",
        "a: '{{ f.__init__.__globals__ }}'",
        "a: '{% include \"/etc/passwd\" %}x'",
        "a: '{{ f.on'",
        "$for: names",
        "$unknown: 1",
        "m: {$merge: f.word}",
        "a: '{{ range }}'",
        "- a list",
    ],
)
def test_a_template_that_fails_is_our_bug_and_affects_nothing_else(text: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        rendered(text, tmp_path)
    assert caught.value.exit_code == 70
    [found] = caught.value.diagnostics
    assert found.code.id == "BP0001"
    assert found.at
