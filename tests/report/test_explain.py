"""`blueprint explain`: every code, field, component and topic, offline; unknown ones get the nearest spelling."""

from __future__ import annotations

import pytest

import blueprint.report.topics as module
from blueprint.cli.main import main
from blueprint.diagnostics import all_codes
from blueprint.report.topics import explain, nearest_topic, search, topics
from blueprint.report.topics.fields import fields_of, find_abridged, find_field
from blueprint.report.topics.reserved import reserved_fields

SCHEMA = {
    "$defs": {
        "Pool": {
            "type": "object",
            "description": "A pool.",
            "required": ["nodes"],
            "properties": {
                "nodes": {"anyOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/$defs/Range"}], "description": "N."},
                "mode": {"enum": ["a", "b"], "default": "a", "examples": ["b"]},
                "next": {"anyOf": [{"$ref": "#/$defs/Pool"}, {"type": "null"}]},
            },
        },
        "Range": {"type": "object", "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}}},
    },
    "type": "object",
    "properties": {
        "pools": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Pool"}, "default": {}},
        "list": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"x": {"const": "X"}}}},
    },
}
FIELDS = list(fields_of(SCHEMA))


def test_fields_are_read_through_references_and_alternatives() -> None:
    assert [field.path for field in fields_of(SCHEMA)] == [
        "pools", "pools.*", "pools.*.nodes", "pools.*.nodes.min", "pools.*.nodes.max", "pools.*.mode", "pools.*.next",
        "list", "list[]", "list[].x",
    ]  # fmt: skip


def test_a_field_knows_its_type_default_and_limits() -> None:
    nodes = find_field(FIELDS, "pools.train.nodes")
    assert nodes is not None
    assert (nodes.type, nodes.description, nodes.required) == ("integer or mapping", "N.", True)
    assert (nodes.bounds, nodes.keys) == (("at least 0",), ("min", "max"))
    mode = find_field(FIELDS, 'pools["a.b/c"].mode')
    assert mode is not None
    assert (mode.allowed, mode.default, mode.required, mode.examples) == (("a", "b"), "a", False, ("b",))


@pytest.mark.parametrize("path", ["list[].x", "list[0].x", "list[name=a].x"])
def test_list_items_are_named_by_index_or_key(path: str) -> None:
    field = find_field(FIELDS, path)
    assert field is not None
    assert field.path == "list[].x"


def test_what_is_not_a_field_is_none() -> None:
    assert find_field(FIELDS, "pools.x.nothing") is None
    assert find_field(FIELDS, "") is None


def test_every_code_can_be_explained_by_id_and_slug() -> None:
    for code in all_codes():
        text = explain(code.id)
        assert text is not None
        assert text == explain(code.slug) == explain(code.id.lower())
        assert all(part in text for part in ((code.page.why, code.page.fix) if code.page else (code.about,)))


def test_every_listed_topic_can_be_explained() -> None:
    for group in topics().values():
        assert group
        for entry in group:
            assert explain(entry.split(" ")[0]), entry


@pytest.mark.parametrize(
    ("topic", "facts"),
    [
        ("H100-SXM5-80GB", "- memoryMib: 81559 ("),
        ("h100-sxm5-80gb", "# H100-SXM5-80GB"),
        ("p5.48xlarge", "- gpus: 8 ("),
    ],
)
def test_hardware_is_explained_with_the_evidence_of_each_fact(topic: str, facts: str) -> None:
    text = explain(topic)
    assert text is not None
    assert facts in text
    assert all(line.endswith(")") for line in text.splitlines() if line.startswith("- "))


def test_a_field_of_the_blueprint_is_explained_for_any_name_of_a_pool() -> None:
    text = explain("spec.nodePools.train.gpu.product")
    assert text is not None
    assert text == explain("spec.nodePools.*.gpu.product")
    assert "type: string" in text


@pytest.mark.parametrize(
    ("abridged", "field"),
    [
        ("nodePools.gpu.product", "spec.nodePools.*.gpu.product"),
        ("tenants.quota", "spec.tenants.*.quota"),
        ("gpu.mig", "spec.nodePools.*.gpu.mig"),
        ("quota.borrow", "spec.tenants.*.quota.*.borrow"),
    ],
)
def test_a_field_is_found_without_the_names_on_the_way(abridged: str, field: str) -> None:
    assert explain(field) is not None
    assert explain(abridged) == explain(field)


def test_an_end_that_several_fields_have_is_not_taken_for_one() -> None:
    schema = {
        "properties": {name: {"properties": {"x": {"properties": {"y": {"description": name}}}}} for name in "ab"}
    }
    assert find_abridged(list(fields_of(schema)), "x.y") is None
    assert find_abridged(list(fields_of(schema)), "a.x.y") is not None


def test_exit_codes_are_a_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "exit-codes"]) == 0
    told = capsys.readouterr().out
    assert all(f"- {code}: " in told for code in (0, 1, 2, 3, 70, 130))


@pytest.mark.parametrize(
    ("topic", "meant"),
    [
        ("spec.nodePool.x.gpu", "spec.nodePools.*.gpu"),
        ("gpu-operater", "gpu-operator"),
        ("intenal-error", "internal-error"),
        ("H100-SMX5-80GB", "H100-SXM5-80GB"),
    ],
)
def test_an_unknown_topic_is_a_usage_error_with_the_nearest_spelling(
    topic: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearest_topic(topic) == meant
    assert main(["explain", topic]) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().out


def test_without_a_topic_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    told = capsys.readouterr().out
    for name in ("exit-codes", "gpu-operator", "BP0001 internal-error", "spec.nodePools.*.gpu.product"):
        assert f"  - {name}\n" in told


def test_a_hostile_topic_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "\x1b[2J../../etc/passwd"]) == 2
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("h100", ["H100-SXM5-80GB", "Standard_ND96isr_H100_v5"]),
        ("mig", ["spec.nodePools.*.gpu.mig", "gpu-operator.migReboot"]),
        ("driver", ["spec.nodePools.*.driver", "gpu-operator.driverPod"]),
        ("driver upgrade", ["gpu-operator.maxParallelUpgrades"]),
    ],
)
def test_words_that_are_not_a_topic_are_searched_for(
    words: str, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *words.split()]) == 0
    shown = capsys.readouterr().out
    assert [name for name in named if f"  - {name}" not in shown] == []


def test_a_field_comes_before_what_only_contains_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "mig"])
    shown = capsys.readouterr().out
    assert shown.index("spec.nodePools.*.gpu.mig:") < shown.index("spec.nodePools.*.gpu.mig.layout")


def test_words_of_one_topic_alone_explain_it() -> None:
    assert search("intenal") is None
    assert search("internal-err") == explain("BP0001")


def test_a_cloud_shows_how_it_is_declared() -> None:
    text = explain("eks")
    assert text is not None
    assert "distribution: eks" in text
    assert "extends: [eks]" in text


def test_every_key_that_is_refused_for_now_has_an_answer() -> None:
    for path in reserved_fields():
        text = explain(path)
        assert text is not None
        assert text == explain(path.rpartition(".")[2])
        assert "Until then" in text


def test_a_field_says_what_its_keys_are() -> None:
    text = explain("spec.nodePools.train.gpu")
    assert text is not None
    assert "- `count` (integer): GPUs per node." in text


def test_a_setting_of_a_component_is_a_topic() -> None:
    text = explain("gpu-operator.migReboot")
    assert text is not None
    assert "spec.components.gpu-operator.settings.migReboot" in text


def test_a_verb_and_what_overlays_are_can_be_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "drift"]) == 0
    assert "`blueprint help drift` shows its options" in " ".join(capsys.readouterr().out.split())
    assert main(["explain", "overlay"]) == 0
    assert "overlays: An overlay is a part of a blueprint" in " ".join(capsys.readouterr().out.split())


def test_no_other_code_is_meant_by_the_number_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "BP9999"]) == 2
    assert "did you mean" not in capsys.readouterr().out


def test_all_topics_together_cost_no_more_than_a_look_at_each_field_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema is walked once, and the rules are listed once, however many topics are explained."""
    walked: list[int] = []
    inner = module.fields_of
    monkeypatch.setattr(module, "fields_of", lambda schema: (walked.append(1), inner(schema))[1])
    module._fields.cache_clear()
    names = module.topics()["fields"]
    assert len(names) > 200
    for name in names[:50]:
        assert explain(name)
    assert len(walked) == 1
