"""The cost of a rule for each object does not grow with the number of objects: calls are counted, not timed."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from blueprint.bundle.model import USERS, Object
from blueprint.check.common import monitoring, selected_pods
from blueprint.check.common.cycles import rings
from blueprint.check.rule import Rule
from blueprint.check.rule_context import RuleContext
from blueprint.check.rules import EVERY_KIND, PODS, all_rules
from blueprint.diagnostics import Comparisons, spelling
from tests.check.test_rules import EXAMPLES, objects
from tests.support.call_counts import counted_calls, is_linear
from tests.support.rule_facts import context

COPIES = (3, 6, 12)
FEW_CALLS = 200


@cache
def examples() -> tuple[Object, ...]:
    """The objects of every rule's page."""
    texts = [text for page in EXAMPLES.values() for text in (page.bad, page.good) if text]
    return tuple(each for text in texts for each in objects(text) if "name" in (each.data.get("metadata") or {}))


def copies(number: int) -> RuleContext:
    """Many copies of all objects under other names: references in the copies refer to nothing."""
    made = []
    for copy_number in range(number):
        for each in examples():
            data = copy.deepcopy(each.data)
            data["metadata"]["name"] += f"-{copy_number}" if copy_number else ""
            made.append(Object(data, USERS))
    return context(made, [])


def cost(rule: Rule, among: RuleContext) -> int:
    """Calls of a rule for all objects that it checks."""
    kinds = among.kinds.items()
    targets: list[object] = [
        each
        for kind, several in kinds
        for each in several
        if rule.subject in (EVERY_KIND, kind.lower()) and (rule.groups is None or each.id.group in rule.groups)
    ]
    given = rule.arguments(among)
    targets = list(among.pods) if rule.subject == PODS else targets
    with Comparisons().counted():
        calls, _ = counted_calls(lambda: [list(rule.check(target, *given)) for target in targets])
    return calls


def test_no_rule_compares_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that compare objects have a limit, which here is low enough for a few copies to exceed."""
    monkeypatch.setattr(spelling, "MOST_COMPARISONS", 0)
    for module, bound in ((monitoring, "_MOST_TARGETS"), (monitoring, "_MOST_SERVERS"), (selected_pods, "_MOST")):
        monkeypatch.setattr(module, bound, 1)
    first, *contexts = (copies(number) for number in (1, *COPIES))
    for among in (first, *contexts):  # creates what every rule uses
        assert among.pods
        assert among.operator.cluster_policy
    costs: dict[str, list[int]] = {}
    for rule in all_rules():
        cost(rule, first)  # reads the catalogue, and compiles patterns
        found = [cost(rule, among) for among in contexts]
        if found[-1] > FEW_CALLS:
            costs[f"{rule.subject}: {rule.name}"] = found
    assert len(costs) > 100
    assert not {name: found for name, found in costs.items() if not is_linear(*found)}


def test_a_ring_is_found_once_and_shown_from_each_of_its_names() -> None:
    found = rings({"a": "b", "b": "c", "c": "a", "d": "a", "e": "", "f": "f"})
    assert {name: ring.way_from(name) for name, ring in found.items()} == {
        "a": ["a", "b", "c", "a"],
        "b": ["b", "c", "a", "b"],
        "c": ["c", "a", "b", "c"],
        "f": ["f", "f"],
    }


def test_a_long_ring_is_cut() -> None:
    names = [str(number) for number in range(1_000)]
    found = rings(dict(zip(names, [*names[1:], "0"], strict=True)))
    assert found["998"].way_from("998") == ["998", "999", *names[:10], "...", "998"]
