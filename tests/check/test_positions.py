"""A diagnostic points at the line that a person wrote, and notes where it was rendered."""

from __future__ import annotations

from blueprint.bundle.model import FieldOrigin, Object, Path, Source
from blueprint.check.objects import check_objects
from blueprint.diagnostics import Span
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


def test_what_the_tool_ships_is_never_blamed_before_what_a_person_wrote() -> None:
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
