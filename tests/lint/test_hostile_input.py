"""Input designed to crash, hang or exhaust memory: one additional finding, and completion within seconds.

Such input once took time quadratic in its size; here it is small, and the number of calls is limited.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.check.common.credentials import looks_secret
from blueprint.check.kinds import KindRegistry
from blueprint.check.messages import MOST_FAULTS
from blueprint.lint import inputs
from blueprint.lint.inputs import STDIN, read_inputs
from blueprint.lint.run import LintResult, lint
from blueprint.source import loader
from blueprint.source.codes import NOT_READ
from blueprint.source.manifests import MOST_UNREADABLE, read_manifests
from blueprint.waivers.inline import inline_waivers
from tests.support.call_counts import counted_calls, is_linear
from tests.support.hostile_shapes import SHAPES, shape

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: a, namespace: default}}
spec:
  containers:
    - {{name: main, image: registry.example/app:1, resources: {{limits: {{nvidia.com/gpu: {0}}}}}}}
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndata:\n"
CALLS_PER_CHARACTER = 60
"""More than any test here needs, and far less than quadratic growth."""
NINES = "9" * 5_000
LAYERS = "".join(
    f"{name}: &{name} [{', '.join(['*' + below] * 9)}]\n" for below, name in zip("abcdefg", "bcdefgh", strict=True)
)
HOSTILE = {
    "nested flow": "a: " + "[" * 20_000,
    "nested blocks": "".join(" " * depth + "a:\n" for depth in range(300)),
    "layers of aliases": f"a: &a [x, x, x, x, x, x, x, x, x]\n{LAYERS}",
    "a list of aliases": "apiVersion: v1\nkind: List\nitems:\n- &a {kind: Pod, metadata: {name: a}}\n" + "- *a\n" * 999,
    "a number beyond all": POD.format(NINES),
    "a hexadecimal number": POD.format("0x" + "f" * 5_000),
    "a number as text": POD.format(f'"{NINES}"'),
    "a fraction": POD.format(f'"0.{NINES}"'),
    "an exponent": POD.format(f'"1e{NINES}"'),
    "a size in an argument": POD.format('"2"').replace("image", f"args: [vllm serve -tp {NINES}], image"),
    "doubtful values": CONFIG_MAP + "".join(f"  k{number}: yes\n" for number in range(5_000)),
    "keys given twice": CONFIG_MAP + "  k: v\n" * 5_000,
    "unknown fields": POD.format(1) + "".join(f"  field{number}: v\n" for number in range(5_000)),
    "faulty items": POD.format(1) + "".join(f"    - {{nme: c{n}, image: 3}}\n" for n in range(5_000)),
    "broken documents": "---\nkind: [\n" * 3_000,
    "templates": "---\n{{- if x }}\nkind: Pod\n{{- end }}\n" * 2_000,
    "empty documents": "---\n" * 20_000,
    "texts that look like comments": CONFIG_MAP + "".join(f"  k{n}: 'x # blueprint: waive'\n" for n in range(5_000)),
    "control characters": "\0" * 20_000,
    "escapes": 'a: "' + "\\x41" * 20_000 + '"',
    "anchors": "".join(f"a{number}: &x{number} 1\n" for number in range(5_000)),
}  # fmt: skip


def linted(text: str) -> LintResult:
    return lint(read_inputs([STDIN], text.encode()), kubernetes_minor="1.36")


def test_documents_after_too_many_that_are_not_yaml_are_not_read_and_that_is_reported() -> None:
    broken = "---\na: [\n"
    text = broken * (MOST_UNREADABLE + 1)
    whole = read_manifests(f"{text}---\nkind: A\n", "a.yaml")
    assert [each.at and each.at.line for each in whole.problems[-1:]] == [text.count("\n") + 1]
    assert whole.problems[-1].message.endswith("nothing after this line was read")
    assert whole.documents == ()
    assert [each.code for each in linted(f"{text}---\nkind: A\n").diagnostics].count(NOT_READ) == 1, "it is listed"
    one_less = read_manifests(f"{broken * MOST_UNREADABLE}---\nkind: A\n", "a.yaml")
    assert [each.data for each in one_less.documents if each.data] == [{"kind": "A"}]
    assert len(one_less.problems) == MOST_UNREADABLE


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_with_findings(name: str) -> None:
    text = HOSTILE[name]
    linted(POD.format(1))  # reads schemas and rules
    calls, result = counted_calls(lambda: linted(text))
    assert calls < CALLS_PER_CHARACTER * len(text) + 20_000
    assert not result.rules.failed, [each.message for each in result.diagnostics]
    assert len(result.diagnostics) < 4 * MOST_FAULTS


@pytest.mark.parametrize("text", ["x" * 100_000, "eyJ-" * 25_000, "a://" * 25_000, "-----BEGIN " * 9_000])
def test_a_long_text_is_searched_for_credentials_in_one_pass(text: str) -> None:
    begin = process_time()
    looks_secret(text)
    assert process_time() - begin < 5  # quadratic time would be minutes


@pytest.mark.parametrize("program", ["torchrun ", "accelerate launch ", "deepspeed "])
def test_a_long_command_is_searched_for_launchers_in_one_pass(program: str) -> None:
    text = POD.format(2).replace("image:", f"args: ['{program * 10_000}'], image:")
    begin = process_time()
    assert not linted(text).rules.failed
    assert process_time() - begin < 5


def test_what_is_not_listed_is_counted() -> None:
    found = linted(HOSTILE["unknown fields"]).diagnostics
    assert [each.message for each in found if each.code.id == "BP5030"] == [
        "Pod/default/a: 4,000 more unknown fields in spec"
    ]
    found = linted(HOSTILE["broken documents"]).diagnostics
    assert [each.message for each in found if each.at is None] == [
        "<stdin>: 2,000 more findings of this kind, which are not listed"
    ]


def test_faults_beyond_counting_are_not_counted() -> None:
    """The engine keeps every violation in memory, so a large object is validated in portions, up to a limit."""
    text = CONFIG_MAP + "".join(f"  k{number}: 1\n" for number in range(25_000))
    found = [each for each in linted(text).diagnostics if each.code.id == "BP5030"]
    assert [each.message for each in found] == [
        "ConfigMap/default/a: has at least 19,000 more violations of this kind, which are not listed"
    ]


def test_every_portion_of_a_list_is_validated() -> None:
    item = "    - {{name: c{0}, image: {1}}}\n"
    containers = (item.format(number, 3 if number == 10_003 else "a") for number in range(10_005))
    text = POD.partition("    - {{name")[0].format(1) + "".join(containers)
    found = [each for each in linted(text).diagnostics if each.severity == "error"]
    assert [(each.code.id, each.path) for each in found] == [("BP5005", "spec.containers[10003].image")]


def test_many_comments_are_read_once() -> None:
    text = "# blueprint: waive BP6101 until 2027-03-31 -- a reason (owner)\n" * 2_000 + POD.format(1)
    calls, (waivers, _) = counted_calls(lambda: inline_waivers(text, "a.yaml", date(2026, 11, 29)))
    assert len(waivers) == 2_000
    assert calls < CALLS_PER_CHARACTER * len(text)


@given(st.text("0123456789.eE+-_xobiKMGTm ", min_size=1, max_size=400), st.sampled_from(["{0}", "'{0}'"]))
def test_any_amount_is_judged(amount: str, form: str) -> None:
    assert not linted(POD.format(form.format(amount))).rules.failed


DRIVER = """\
apiVersion: nvidia.com/v1alpha1
kind: NVIDIADriver
metadata: {{name: driver-{0}}}
spec: {{driverType: gpu, image: driver, nodeSelector: {{site: here, pool: pool-{0}}}}}
"""


def test_drivers_are_not_compared_each_with_each() -> None:
    """A thousand pools may have one driver each."""
    linted(DRIVER.format(1))  # reads schemas and rules
    texts = ("---\n".join(map(DRIVER.format, range(count))) for count in (25, 50, 100))
    few, some, many = (counted_calls(lambda text=text: linted(text)) for text in texts)
    assert not many[1].diagnostics
    assert is_linear(few[0], some[0], many[0])


def test_kinds_without_a_schema_may_be_many() -> None:
    """The rules for all kinds are selected once, and the catalogue is searched once, not for each kind."""
    form = "---\napiVersion: acme.example/v1\nkind: Kind{0}\nmetadata: {{name: a{1}}}\n"
    texts = ["".join(form.format(number % kinds, number) for number in range(400)) for kinds in (1, 400)]
    linted(texts[0])  # reads schemas and rules
    one, many = (counted_calls(lambda text=text: linted(text))[0] for text in texts)
    assert many < 1.6 * one


def test_kinds_may_be_called_as_the_folders_of_rules() -> None:
    text = "".join(
        f"---\napiVersion: acme.example/v1\nkind: {kind}\nmetadata: {{name: a}}\n" for kind in ("Pods", "Objects")
    )
    assert not linted(text).rules.failed


def test_an_expression_far_beyond_what_the_api_takes_is_not_read() -> None:
    linted(shape("CEL", 5_000).decode())  # reads schemas and rules
    calls, result = counted_calls(lambda: linted(shape("CEL", 200_000).decode()))
    assert calls < 20_000  # there are 44,000 tokens
    assert "more than 100000 characters" in "".join(each.message for each in result.diagnostics)


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_of_a_file_makes_a_rule_fail(name: str) -> None:
    """The benchmark has the same shapes at 10 MB, with measurements; here they are small."""
    text = shape(name, 10_000)
    assert not lint(read_inputs([STDIN], text), kubernetes_minor="1.36").rules.failed


def calls_for(name: str, sizes: tuple[int, ...] = (20_000, 40_000, 80_000)) -> list[int]:
    """The number of calls to lint a shape of each size."""
    linted(shape(name, 2_000).decode())  # reads schemas and rules
    texts = [shape(name, size).decode() for size in sizes]
    return [counted_calls(partial(linted, text))[0] for text in texts]


@pytest.mark.parametrize("name", ["keys of a Secret", "replicated jobs", "cohorts in a ring", "Nodes and Pods"])
def test_work_grows_with_the_size_of_the_file(name: str) -> None:
    """It used to be quadratic, and a file of one megabyte did not finish."""
    few, some, many = calls_for(name)
    assert is_linear(few, some, many)


def test_documents_beside_a_broken_one_are_read_once_more() -> None:
    pods = shape("small pods", 50_000).decode()
    linted(pods)
    whole, found = counted_calls(lambda: read_manifests(pods, "a.yaml"))
    alone, same = counted_calls(lambda: read_manifests(f"a: [\n---\n{pods}", "a.yaml"))
    assert [each.data for each in same.documents] == [each.data for each in found.documents]
    assert alone < 2.2 * whole, "with a parser for each document; it was more than three times as much"


def test_fields_of_documents_after_a_broken_one_are_found_in_the_file() -> None:
    found = linted("---\n{{ if x }}\n---\n" + POD.format("500m") + "---\na: [\n---\n" + POD.format("500m"))
    places = [(each.at.line, each.at.column) for each in found.diagnostics if each.at and each.code.id == "BP6101"]
    assert places == [(9, 88), (18, 88)]


def test_an_empty_document_is_not_a_null_in_another() -> None:
    """If a document may contain nulls, every object is copied without them; many files end in a separator."""
    assert not read_manifests("kind: A\n---\n", "a.yaml").nulls
    assert read_manifests("kind: A\nb:\n---\n", "a.yaml").nulls


def test_values_beyond_those_of_any_manifests_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MOST_VALUES", 30)
    read = read_manifests("---\na: {b: c}\n" * 20, "a.yaml")
    assert [each.message for each in read.problems] == [
        "the file has more than 30 values; nothing after this line was read"
    ]
    assert [each.code for each in read.problems] == [NOT_READ]
    assert len(read.documents) == 10
    broken = read_manifests("a: [\n" + "---\na: {b: c}\n" * 20, "a.yaml")
    assert [each.code for each in broken.problems][1:] == [NOT_READ]


def test_objects_beyond_those_of_any_file_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_OBJECTS", 2)
    found = linted("---\n".join(POD.format("500m").replace("name: a", f"name: a{n}") for n in range(4)))
    assert found.objects == 2
    [problem] = [each for each in found.diagnostics if each.code is NOT_READ]
    assert (problem.at and problem.at.line, problem.severity) == (15, "error")


class _CountedDefinition(dict[str, Any]):
    """A definition that counts how often it is read."""

    looks = 0

    def __getitem__(self, key: str) -> Any:
        self.looks += 1
        return super().__getitem__(key)


def test_a_kind_is_looked_for_among_the_definitions_of_its_group() -> None:
    names = {"kind": "Thing", "plural": "things"}
    spec = {"group": "acme.example", "scope": "Namespaced", "names": names, "versions": [{"name": "v1"}]}
    definition = _CountedDefinition(spec=spec)
    kinds = KindRegistry("1.36", [definition])
    before = definition.looks
    for number in range(100):
        kinds.find(f"group{number}.example/v1", "Thing")
    assert definition.looks == before
