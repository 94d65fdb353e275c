"""Whatever happens to a reading, a check never passes on unread values, and nothing raises."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.host import Access, HostRecord
from blueprint.probe.reading import Call, CallOutcome, Reading
from blueprint.probe.reading_file import reading_from_json
from blueprint.probe.verdicts import Result
from blueprint.records import replace
from tests.support.probe_examples import CALLS, expect, expectations, healthy

Spoil = Callable[[Call], Call | None]

HEALTHY = healthy()
DISPENSABLE = {
    "nvmlSystemGetNVMLVersion",
    "nvmlSystemGetCudaDriverVersion",
    "nvmlDeviceGetMigDeviceHandleByIndex",
    "nvmlDeviceGetSerial",
    "nvmlDeviceGetBoardPartNumber",
    "nvmlDeviceGetVbiosVersion",
    "nvmlDeviceGetName",  # the PCI id identifies the product as well
    "nvmlDeviceGetCount",  # read twice
    "nvmlDeviceGetUUID",  # read twice
}


def remove(_: Call) -> None:
    """Remove the call from the reading."""


def lose(outcome: CallOutcome) -> Spoil:
    return lambda call: replace(call, outcome=outcome, code=None, value=None)


def refuse(code: int) -> Spoil:
    return lambda call: replace(call, code=code, value=None)


def answer(value: Any) -> Spoil:
    return lambda call: replace(call, value=value)


def spoilt(spoils: dict[int, Spoil]) -> Reading:
    calls = (spoils.get(at, lambda call: call)(call) for at, call in enumerate(HEALTHY.calls))
    return replace(HEALTHY, calls=tuple(call for call in calls if call is not None))


assert HEALTHY.host
FILES = HEALTHY.host.records
NETWORK = {"fabric": "infiniband", "cards": 8, "vendor": "15b3"}
OF_FILES = [
    expect(check, want)
    for check, want in {
        "nouveau": True, "kernel-modules": "open", "operating-system": "ubuntu-24.04", "kernel": "5.12",
        "gdrdrv": True, "network-cards": NETWORK, "network-ports": NETWORK,
    }.items()
]  # fmt: skip
"""The expectations that a healthy node's files meet."""
NEEDED = [each.path for each in FILES if "os-release" not in each.path and not each.path.endswith("/ports")]
"""Paths without which some expectation cannot be checked; there are two for os-release."""

words = st.sampled_from(
    ["", "ID", "vendor", "device", "link_layer", "state", "4: ACTIVE", "physfn", "nouveau"]
) | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
positions = st.integers(0, len(HEALTHY.calls) - 1)
needed = st.sampled_from([at for at, call in enumerate(HEALTHY.calls) if call.call not in DISPENSABLE])
texts = st.text(max_size=40) | st.just("NVIDIA H100 80GB HBM3") | st.just("580.173.02")
numbers = st.integers(-(2**70), 2**70) | st.integers(0, 9)
structures = st.dictionaries(st.sampled_from(["total", "busId", "bus"]), numbers | texts)
values = texts | numbers | st.lists(numbers, max_size=3) | structures
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)
ends = st.just(remove) | st.sampled_from([each for each in CallOutcome if each is not CallOutcome.RETURNED]).map(lose)
refusals = st.integers(-5, 1000).filter(lambda code: code not in {0, 3, 22}).map(refuse)
losses = ends | refusals | st.sampled_from([3, 22]).map(refuse)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(positions, losses, min_size=1, max_size=30))
def test_a_check_never_passes_where_its_reading_is_missing(spoils: dict[int, Any]) -> None:
    reading = spoilt(spoils)
    answered = {(call.call, call.device) for call in reading.calls if call.answered}
    tried = [call for call in reading.calls if call.outcome is not CallOutcome.NOT_MADE]
    silent = {(call.call, call.device) for call in tried if not call.answered}
    for verdict in judge(reading, expectations()):
        if verdict.result is not Result.PASS or verdict.check not in CALLS:
            continue
        assert verdict.evidence
        about = verdict.gpu.index if verdict.gpu else None
        rests_on = {(CALLS[verdict.check], about)}
        if verdict.check == "gpu-product":
            rests_on = {("nvmlDeviceGetName", about), ("nvmlDeviceGetPciInfo", about)} & answered
        assert rests_on
        assert rests_on <= answered - silent


@settings(max_examples=100, deadline=None)
@given(needed, ends | refusals, st.dictionaries(positions, losses, max_size=20))
def test_a_reading_that_lacks_what_is_requested_is_never_clean(at: int, spoil: Spoil, more: dict[int, Any]) -> None:
    """Removing a response makes a good node unknown or bad, whatever else is missing."""
    assert exit_code_of(judge(spoilt(more | {at: spoil}), expectations())) in {1, 3}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(positions, losses | values.map(answer), max_size=60))
def test_no_response_crashes_the_evaluation(spoils: dict[int, Any]) -> None:
    reading = spoilt(spoils)
    verdicts = judge(reading, expectations())
    told = diagnostics_of(verdicts, reading)
    for diagnostic in told:
        assert diagnostic.message.isprintable()
        assert reading.node in diagnostic.message, "indexes and PCI addresses are the same on a thousand nodes"
        assert all(value.isprintable() for _, value in diagnostic.evidence)
    assert (exit_code_of(verdicts) == 0) == (not told)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(positions, losses, max_size=20))
def test_a_reading_survives_its_file(spoils: dict[int, Any]) -> None:
    reading = spoilt(spoils)
    assert reading_from_json(json.loads(json.dumps(reading.to_json()))) == reading


@settings(max_examples=100, deadline=None)
@given(documents)
def test_json_that_is_not_a_reading_is_refused_in_words(document: Any) -> None:
    try:
        reading_from_json(document)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - any other exception is the failure
    else:
        raise AssertionError("that was no reading")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_reading_with_one_value_replaced_is_refused_or_judged(data: st.DataObject) -> None:
    """Foreign and damaged files: each value in the document in turn is replaced by an invalid one."""
    document = HEALTHY.to_json()
    holder: Any = document
    if data.draw(st.booleans()):
        host = document["host"]
        holder = data.draw(st.sampled_from([document["pci"], host, *host["answers"], *document["calls"][:30]]))
    key = data.draw(st.sampled_from(sorted(holder)))
    holder[key] = data.draw(values | st.none() | st.booleans() | st.lists(st.none()) | st.floats())
    try:
        reading = reading_from_json(document)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        diagnostics_of(judge(reading, [*expectations(), *OF_FILES]), reading)


spoilings = st.tuples(st.sampled_from(list(Access)), st.dictionaries(words, words, max_size=3), words)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([each.path for each in FILES]), spoilings | st.none(), min_size=1, max_size=12))
def test_no_file_crashes_the_evaluation_or_passes_unread(spoils: dict[str, Any]) -> None:
    """Each path of a healthy node may be missing from the record, unread, or have any content."""
    answers = [_spoilt_file(each, *(spoils[each.path] or ())) if each.path in spoils else each for each in FILES]
    kept = tuple(each for each in answers if spoils.get(each.path, True))
    assert HEALTHY.host
    reading = replace(HEALTHY, host=replace(HEALTHY.host, records=kept))
    verdicts = judge(reading, OF_FILES)
    for told in diagnostics_of(verdicts, reading):
        assert told.message.isprintable()
        assert all(value.isprintable() for _, value in told.evidence)
    read = {each.path for each in kept if each.access is Access.READ}
    for verdict in verdicts:
        if verdict.result is Result.PASS and verdict.files:
            assert {each.path for each in verdict.files} <= read


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NEEDED), st.sampled_from([each for each in Access if each is not Access.READ]) | st.none())
def test_a_node_without_a_file_that_is_requested_is_never_clean(path: str, access: Access | None) -> None:
    answers = (_spoilt_file(each, access) if each.path == path and access else each for each in FILES)
    kept = tuple(each for each in answers if each.path != path or access)
    assert HEALTHY.host
    reading = replace(HEALTHY, host=replace(HEALTHY.host, records=kept))
    assert exit_code_of(judge(HEALTHY, OF_FILES)) == 0
    assert exit_code_of(judge(reading, OF_FILES)) in {1, 3}


def _spoilt_file(
    answer: HostRecord, access: Access = Access.ABSENT, values: dict[str, str] | None = None, detail: str = ""
) -> HostRecord:
    said = dict(answer.values) | (values or {}) if access is Access.READ else {}
    return replace(answer, access=access, values=said, detail=detail)
