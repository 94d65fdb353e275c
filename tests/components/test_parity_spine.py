"""The objects that we render are those of the upstream charts, except for explained differences."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import parity

UPSTREAM_DEFAULTS = {
    "release": "2026.11",
    "cluster": {"kubernetes": "1.36"},
    "nodePools": {
        "gpu": {
            "nodes": 1,
            "selector": {"example.com/pool": "gpu"},
            "taints": {"nvidia.com/gpu": "true:NoSchedule"},
            "gpu": {"product": "H100-SXM5-80GB", "count": 8},
        }
    },
}
"""The blueprint that is closest to a chart installed without values."""

MOST_PERCENT = 5.0
"""How many leaves of a chart's output may differ, each with a reason."""


def blueprint_of(case: parity.Case) -> str:
    """The blueprint of a case, as JSON, which is also YAML."""
    head = {"apiVersion": "gpublueprint.dev/v1alpha2", "kind": "Blueprint", "metadata": {"name": case.platform}}
    return json.dumps({**head, "spec": parity.merged(UPSTREAM_DEFAULTS, case.spec)})


def output_of(case: parity.Case) -> str:
    """The chart's output: from the reference, or rendered now with our values. Skips if neither is available."""
    if case.values is None:
        if "BLUEPRINT_REFERENCE" not in os.environ:
            pytest.skip("BLUEPRINT_REFERENCE does not name a folder with outputs of the upstream charts")
        file = Path(os.environ["BLUEPRINT_REFERENCE"], case.reference, "rendered.yaml")
        return file.read_text("utf-8")
    helm, charts = shutil.which("helm"), os.environ.get("BLUEPRINT_CHARTS")
    if not helm or not charts:
        pytest.skip("helm is not on PATH, or BLUEPRINT_CHARTS does not name a folder with the upstream charts")
    return parity.helm_template(case, helm, Path(charts))


@pytest.mark.parametrize("case", parity.cases(), ids=lambda case: case.reference)
def test_every_difference_from_upstream_is_known_and_every_known_difference_is_there(
    case: parity.Case, render: Callable[[str], dict[str, list[dict[str, Any]]]]
) -> None:
    upstream = parity.upstream_objects(output_of(case), case)
    ours = parity.our_objects(render(blueprint_of(case))[case.component], case, upstream)
    assert len(upstream) >= 4

    leaves = list(parity.differing(upstream, ours))

    unknown = [leaf for leaf in leaves if not any(rule.covers(leaf) for rule in case.rules)]
    assert not unknown, "differs from upstream without a reason:\n" + "\n".join(map(str, unknown))
    counted = {(rule.path, rule.count): sum(rule.covers(leaf) for leaf in leaves) for rule in case.rules}
    wrong = {path: (said, found) for (path, said), found in counted.items() if said != found}
    assert parity.share(leaves, upstream) <= MOST_PERCENT
    assert not wrong, f"parity-differences.yaml says another count (said, found): {wrong}"


@pytest.mark.parametrize("case", parity.cases(), ids=lambda case: case.reference)
def test_what_is_left_out_and_added_is_there_to_be_so(
    case: parity.Case, render: Callable[[str], dict[str, list[dict[str, Any]]]]
) -> None:
    """Names in the list that match nothing would hide changes in upstream."""
    text = output_of(case)
    for subject in case.left_out:
        assert f"name: {subject.partition('/')[2]}" in text.replace("name:  ", "name: ").replace("'", ""), subject
    ours = {f"{one['kind']}/{one['metadata']['name']}" for one in render(blueprint_of(case))[case.component]}
    assert set(case.added) <= ours


def test_a_difference_nobody_explained_is_found() -> None:
    """Proves that the comparison can fail."""
    rule = parity.Rule(frozenset(), "spec.a", 1, "known")
    upstream = {"Thing/x": {"spec": {"a": 1, "b": 2, "ab": 3}}}
    ours = {"Thing/x": {"spec": {"a": 2, "b": 3, "ab": 4}}, "Thing/y": {}}

    leaves = list(parity.differing(upstream, ours))

    assert [(leaf.subject, leaf.path) for leaf in leaves if not rule.covers(leaf)] == [
        ("Thing/x", "spec.ab"),
        ("Thing/x", "spec.b"),
        ("Thing/y", ""),
    ]


def test_the_canonical_form_drops_what_the_api_server_drops() -> None:
    given: dict[str, Any] = {"a": None, "b": {}, "c": [], "d": False, "fieldRef": {"fieldPath": "x"}, "x.conf": "k: 1"}
    assert parity.canonical(given) == {
        "d": False,
        "fieldRef": {"apiVersion": "v1", "fieldPath": "x"},
        "x.conf": {"k": 1},
    }


def test_whole_branches_count_with_all_their_leaves() -> None:
    """A missing container counts as as many differences as it has fields."""
    upstream = {"Thing/x": {"kept": [1] * 8, "gone": {"a": 1, "b": 2}}}
    leaves = list(parity.differing(upstream, {"Thing/x": {"kept": [1] * 8}}))
    assert parity.share(leaves, upstream) == 20.0


MOST_DIFFERENCES = {"reference": 380, "values": 135}
"""The sum of all counts in each list. It may be lowered; it may be raised only by a new case, or if a default of
upstream is written out because our rules depend on it.
"""


def test_the_list_of_differences_only_shrinks() -> None:
    for of_values, most in ((False, MOST_DIFFERENCES["reference"]), (True, MOST_DIFFERENCES["values"])):
        listed = [case for case in parity.cases() if (case.values is not None) is of_values]
        assert sum(rule.count for case in listed for rule in case.rules) <= most
