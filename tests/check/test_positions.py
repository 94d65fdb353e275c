"""A diagnostic points at the line that a person wrote, and a note names the template that rendered it."""

from __future__ import annotations

import pytest

from blueprint.bundle.model import FieldOrigin, Object, Path, Source
from blueprint.check import finding
from blueprint.check.codes import MALFORMED, UNKNOWN_FIELD
from blueprint.check.finding import ObjectFinding, place, shown, value_at
from blueprint.check.objects import check_objects
from blueprint.diagnostics import Fix, Note, Span
from tests.support.check_corpus import broken

TEMPLATE = Span("components/x/templates/deployment.yaml", 12, 7, 12, 20)
BLUEPRINT = Span("cluster.yaml", 41, 9, 41, 15)
OVERLAY = Span("overlays/prod.yaml", 3, 1, 3, 4)
RELEASE = Span("releases/2026.11.yaml", 8, 1, 8, 9)


def _priority(*sources: Source, at: Path = ("preemptionPolicy",)) -> Object:
    data = broken("priority", "preemptionPolicy", "Nevr")
    return Object(data, "x", {(): FieldOrigin(TEMPLATE), at: FieldOrigin(TEMPLATE, sources)})


def test_the_blueprint_line_comes_first_and_the_template_is_a_note() -> None:
    source = Source("blueprint", BLUEPRINT, "components.x.settings.policy")
    [found] = check_objects([_priority(source)], kubernetes_minor="1.36")
    assert found.at == BLUEPRINT
    assert [(note.message, note.at) for note in found.notes] == [("rendered here", TEMPLATE)]


def test_shipped_files_are_never_reported_before_what_a_person_wrote() -> None:
    sources = (
        Source("release", RELEASE, "versions.x"),
        Source("overlay", OVERLAY, "a.b"),
        Source("patch", BLUEPRINT, "c"),
    )
    [found] = check_objects([_priority(*sources)], kubernetes_minor="1.36")
    assert found.at == OVERLAY
    assert [note.message for note in found.notes] == ["c comes from here (patch)", "rendered here"]


def test_without_a_written_line_the_template_is_the_place() -> None:
    [found] = check_objects([_priority(Source("release", RELEASE, "versions.x"))], kubernetes_minor="1.36")
    assert found.at == TEMPLATE
    assert [(note.message, note.at) for note in found.notes] == [("versions.x comes from here (release)", RELEASE)]


def test_a_field_without_an_origin_of_its_own_points_at_the_nearest_above() -> None:
    patch = Source("patch", BLUEPRINT, "patches[0]")
    data = broken("deployment", "spec.template.spec.hostNetwrk", True)
    origins = {(): FieldOrigin(TEMPLATE), ("spec", "template", "spec"): FieldOrigin(BLUEPRINT, (patch,))}
    found = check_objects([Object(data, "x", origins)], kubernetes_minor="1.36")
    [unknown] = [d for d in found if d.code.id == "BP5003"]
    assert (unknown.at, unknown.notes) == (BLUEPRINT, ())


def test_an_object_without_provenance_is_still_named() -> None:
    [found] = check_objects([Object(broken("priority", "preemptionPolicy", "x"), "x")], kubernetes_minor="1.36")
    assert (found.at, found.subject, found.path) == (None, "PriorityClass/high", "preemptionPolicy")


@pytest.mark.parametrize("layer", ["component", "release", "hardware", "default"])
def test_of_what_the_tool_ships_no_layer_is_blamed(layer: str) -> None:
    at, notes = place(FieldOrigin(TEMPLATE, (Source(layer, RELEASE, "x"), Source("blueprint", BLUEPRINT, "y"))))
    assert (at, notes) == (BLUEPRINT, (Note("rendered here", TEMPLATE),))
    at, notes = place(FieldOrigin(TEMPLATE, (Source(layer, RELEASE, "x"),)))
    assert (at, notes) == (TEMPLATE, (Note(f"x comes from here ({layer})", RELEASE),))


def test_a_line_is_noted_once() -> None:
    at, notes = place(FieldOrigin(BLUEPRINT, (Source("blueprint", BLUEPRINT, "x"), Source("patch", BLUEPRINT, "y"))))
    assert (at, notes) == (BLUEPRINT, ())
    assert place(None) == (None, ())


@pytest.mark.parametrize(
    ("text", "columns", "part", "narrowed"),
    [
        ("a b c", (10, 15), (2, 3), (12, 13)),
        ("a b c", (10, 17), (2, 3), (13, 14)),  # in quotes
        ("a b c", (10, 15), (2, 2), (12, 13)),  # an empty part is one character wide
        ("a b c", (10, 16), (2, 3), (10, 16)),  # not written in this form
        ("a b c", (10, 19), (2, 3), (10, 19)),
        (7, (10, 11), (0, 1), (10, 11)),
    ],
)
def test_a_part_of_a_text_is_pointed_at(
    text: object, columns: tuple[int, int], part: tuple[int, int], narrowed: tuple[int, int]
) -> None:
    origin = FieldOrigin(Span("pod.yaml", 3, columns[0], 3, columns[1]))
    subject = Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": text}}, "x",
                     {("data", "a"): origin})  # fmt: skip
    found = ObjectFinding(MALFORMED, ("data", "a"), "is wrong", part=part).to_diagnostic(subject)
    assert found.at == Span("pod.yaml", 3, narrowed[0], 3, narrowed[1])


def test_a_text_of_several_lines_is_pointed_at_as_a_whole() -> None:
    whole = Span("pod.yaml", 3, 10, 4, 15)
    subject = Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "a b c"}}, "x",
                     {("data", "a"): FieldOrigin(whole)})  # fmt: skip
    assert ObjectFinding(MALFORMED, ("data", "a"), "is wrong", part=(2, 3)).to_diagnostic(subject).at == whole


class _Keys(dict[Path, FieldOrigin]):
    """Origins in the form that a file has them."""

    def key_at(self, path: Path) -> Span:
        return Span("pod.yaml", len(path), 1, len(path), 9)


def test_a_misspelt_key_is_an_edit_where_its_place_is_known_and_a_suggestion_elsewhere() -> None:
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "dta": {"a": "b"}}
    finding = ObjectFinding(UNKNOWN_FIELD, ("dta",), "unknown field dta", rename="data")
    known = finding.to_diagnostic(Object(data, "x", _Keys({("dta",): FieldOrigin(BLUEPRINT)})))
    assert known.at == Span("pod.yaml", 1, 1, 1, 9)
    assert known.fix == Fix(Span("pod.yaml", 1, 1, 1, 9), "data")
    assert known.help is None
    elsewhere = finding.to_diagnostic(Object(data, "x", {("dta",): FieldOrigin(BLUEPRINT)}))
    assert (elsewhere.at, elsewhere.fix, elsewhere.help) == (BLUEPRINT, None, "did you mean data?")


def test_a_finding_may_name_another_object_and_the_object_itself() -> None:
    subject = Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, "x")
    found = ObjectFinding(MALFORMED, (), "is wrong").to_diagnostic(subject, "part of it")
    assert (found.subject, found.message, found.path) == ("part of it", "part of it: is wrong", None)


def test_where_the_values_of_a_secret_stand_is_known_to_reports() -> None:
    """So that no report shows the line."""
    lines = {
        step: FieldOrigin(Span("secret.yaml", line, 1, line, 9))
        for line, step in enumerate(("type", "data", "token"), 1)
    }
    data = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "x"},
        "type": "Opaque",
        "data": {"token": "YQ=="},
    }
    origins = {("type",): lines["type"], ("data",): lines["data"], ("data", "token"): lines["token"]}
    found = ObjectFinding(MALFORMED, ("type",), "is wrong").to_diagnostic(Object(data, "x", origins))
    assert found.redacted == (lines["token"].template,)
    other = ObjectFinding(MALFORMED, ("type",), "is wrong").to_diagnostic(
        Object({**data, "kind": "ConfigMap"}, "x", origins)
    )
    assert other.redacted == ()


def test_values_are_shown_as_json_in_short_and_never_those_of_a_secret() -> None:
    assert shown({"a": ["ü"]}, ("spec",), "Pod") == '{"a": ["ü"]}'
    assert shown("x" * 58, ("spec",), "Pod") == f'"{"x" * 58}"'
    assert shown("x" * 59, ("spec",), "Pod") == f'"{"x" * 58}…'
    assert shown({1}, ("spec",), "Pod") == "{1}", "what JSON cannot say"
    assert shown("hunter2", ("data", "password"), "Secret") == "(hidden)"
    assert shown("Opaque", ("type",), "Secret") == '"Opaque"'
    assert shown("hunter2", ("data", "password"), "ConfigMap") == '"hunter2"'


def test_a_value_is_looked_up_as_far_as_there_is_one() -> None:
    data = {"a": [{"b": 1}]}
    assert value_at(data, ("a", 0, "b")) == 1
    assert value_at(data, ()) == data
    for path in (("a", 1), ("a", "b"), ("c",), ("a", 0, "b", "c"), ("a", 0, 0)):
        assert value_at(data, path) is None


def test_a_line_of_a_block_is_found_without_reading_the_block_again() -> None:
    """A counters file of a megabyte, with an error in each line, took minutes."""
    text = "".join(f"line {number}\n" for number in range(50))
    block = Span("pod.yaml", 3, 10, 53, 12)
    subject = Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": text}}, "x",
                     {("data", "a"): FieldOrigin(block)})  # fmt: skip
    finding._lines.cache_clear()
    for number in range(50):
        begins = text.index(f"line {number}\n")
        wrong = ObjectFinding(MALFORMED, ("data", "a"), "is wrong", part=(begins + 5, begins + 6))
        assert wrong.to_diagnostic(subject).at == Span("pod.yaml", 4 + number, 10, 4 + number, 11)
    assert finding._lines.cache_info().misses == 1
