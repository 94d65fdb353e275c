"""Verdicts agree with the real API server and the real kube-scheduler, on random claims.

BLUEPRINT_SEED=7 generates others; the reviewed list is for the default seed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.allocation.claims import Claim, read_claim, read_class
from blueprint.allocation.devices import NodeGroup
from blueprint.allocation.extended import claim_of
from blueprint.allocation.matching import Matcher
from blueprint.allocation.prove import Prover
from blueprint.allocation.search import Search, Usage, chosen_names
from blueprint.allocation.slices import node_group
from blueprint.allocation.verdict import ClaimVerdict, Outcome
from tests.allocation.claim_cases import Case, cases, several_pods
from tests.allocation.lab_verdicts import Observed, observe
from tests.support.devices import CLASSES, device_class

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

SEED = int(os.environ.get("BLUEPRINT_SEED", "20261130"))
NUMBER, SEVERAL, PODS = 500, 44, 9
REVIEWED = Path(__file__).with_name("reviewed_disagreements.yaml")
"""Cases, by name, in which the scheduler decides differently, each with the reason. The list may only get shorter."""
ALL_CLASSES = (
    *CLASSES,
    device_class("broken.example.com", "device.attributes['gpu.nvidia.com'].missing == 1"),
    device_class("nic.example.com", "device.driver == 'nic.example.com'"),
)
EXPECTED = {
    Outcome.FITS: "scheduled", Outcome.REFUSED: "refused", Outcome.ABORTS: "error", Outcome.UNKNOWN: "unknown",
}  # fmt: skip
"""All other outcomes are `unschedulable`."""
OFTEN = (
    Outcome.REFUSED, Outcome.ABORTS, Outcome.NO_CLASS, Outcome.NO_DEVICE, Outcome.TOO_FEW, Outcome.CONSTRAINT,
    Outcome.TAINTED, Outcome.INCOMPLETE,
)  # fmt: skip


class Judged:
    """A case with our verdict."""

    def __init__(self, case: Case) -> None:
        self.case = case
        classes = [read_class(each) for each in ALL_CLASSES]
        self.groups = [node_group(name, 1, slices, name) for name, slices in case.nodes.items()]
        self.claims = [read_claim(f"claim {index}", each) for index, each in enumerate(case.claims)]
        if case.resources:
            pod = {"containers": [{"resources": {"limits": dict(case.resources)}}]}
            found = claim_of(pod, case.resources, classes)
            self.claims += [found] if found else []
        self.prover = Prover(self.groups, classes, "1.36")
        self.verdict: ClaimVerdict = self.prover.prove(self.claims)

    def differs(self, seen: Observed) -> str:
        """What the scheduler decided differently; empty if both agree."""
        expected = EXPECTED.get(self.verdict.outcome, "unschedulable")
        if expected != seen.verdict:
            return f"{self.verdict.outcome}: {self.verdict.reason} | {seen.verdict}: {seen.message}"
        if seen.verdict != "scheduled":
            return ""
        fitting = {each.group for each in self.verdict.groups if each.outcome is Outcome.FITS}
        if not set(seen.nodes) <= fitting:
            return f"it is on {seen.nodes}, but fits {fitting}"
        group = next(each for each in self.groups if each.name == seen.nodes[0])
        ours = devices_on(self.claims, group, self.prover.matcher)
        return "" if ours == seen.devices else f"it gets {seen.devices}, not {ours}"


def devices_on(claims: Sequence[Claim], group: NodeGroup, matcher: Matcher) -> Mapping[str, list[str]]:
    found = Search(claims, group, matcher, Usage(), optimistic=False).run()
    assert found is not None
    return chosen_names(found, group)


@pytest.fixture(scope="module")
def outcomes(lab: Any) -> tuple[list[Judged], list[Judged], dict[str, Observed]]:
    single, repeated = list(cases(SEED, NUMBER)), list(several_pods(SEED, SEVERAL, PODS))
    with lab.fresh(controllers=True) as own:
        seen = observe(own, [*single, *repeated], ALL_CLASSES)
    return [Judged(each) for each in single], [Judged(each) for each in repeated], seen


@pytest.mark.lab
def test_verdicts_agree_with_the_real_scheduler(
    outcomes: tuple[list[Judged], list[Judged], dict[str, Observed]],
) -> None:
    """Rejected, stopped by an error, unschedulable or scheduled; on which nodes, and with which devices."""
    single, _, seen = outcomes
    differences = {each.case.name: text for each in single if (text := each.differs(seen[each.case.name]))}
    reviewed = yaml.safe_load(REVIEWED.read_text("utf-8")) or {}
    assert differences.keys() == reviewed.keys(), "\n".join(f"{name}: {text}" for name, text in differences.items())


@pytest.mark.lab
def test_as_many_at_once_as_the_real_scheduler_places(
    outcomes: tuple[list[Judged], list[Judged], dict[str, Observed]],
) -> None:
    _, repeated, seen = outcomes
    ours = {each.case.name: min(PODS, each.verdict.at_once or 0) for each in repeated}
    assert {name: len(seen[name].nodes) for name in ours} == ours
    assert sum(0 < number < PODS for number in ours.values()) >= SEVERAL // 4


def test_the_cases_are_of_all_sorts() -> None:
    """At least 300 cases, a third of them feasible, and every kind of failure at least 20 times."""
    counts = Counter(Judged(each).verdict.outcome for each in cases(SEED, NUMBER))
    assert counts[Outcome.FITS] * 3 >= NUMBER >= 300
    assert all(counts[each] >= 20 for each in OFTEN), counts
