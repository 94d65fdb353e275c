"""What `blueprint admit` says of tenants' jobs, and what the real Kueue does with them: a hundred of each, generated.

Every job is alone in its group, so Kueue's answer does not depend on what others run. BLUEPRINT_SEED chooses others.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.admission.workloads import Admission
from blueprint.bundle.model import USERS, Object
from blueprint.diagnostics import Refused
from blueprint.lab.assets import find_all
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.platform.queueing.lending import Lending
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.operators.operated import Operated
from tests.support.operators.queueing import Queueing, queue, without_later

SEED = int(os.environ.get("BLUEPRINT_SEED", "1"))
GROUPS = 100
HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: verdicts}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  nodeLabels: apply
  queueing: {kueue: {}}
  nodePools:
    gpu: {nodes: {min: 1, max: 400}, selector: {example.org/pool: gpu}, gpu: {product: H100-SXM5-80GB, count: 8}}
  tenants:
"""


def _amount(dice: random.Random) -> str:
    guaranteed = dice.randint(0, 4)
    keys = [f"guaranteed: {guaranteed}"]
    keys += [f"borrow: {dice.randint(0, 4)}"] if dice.random() < 0.4 else []
    keys += [f"lend: {dice.randint(0, guaranteed)}"] if dice.random() < 0.4 else []
    return f"{{{', '.join(keys)}}}"


def _groups(dice: random.Random) -> Iterator[str]:
    """A tree for each number: a group, perhaps one inside it, and the members of both. `a` is who submits."""
    for number in range(GROUPS):
        own = f"quota: {{gpu: {dice.randint(0, 2)}}}" if dice.random() < 0.5 else ""
        yield f"    g{number}: {{{own}}}\n"
        inner = dice.random() < 0.5
        if inner:
            yield f"    h{number}: {{parent: g{number}, quota: {{gpu: {_amount(dice)}}}}}\n"
        for member in "abc":
            parent = f"h{number}" if inner and member != "c" else f"g{number}"
            quota = f"quota: {{gpu: {_amount(dice)}}}"
            yield f"    {member}{number}: {{parent: {parent}, namespaces: [{member}{number}], {quota}}}\n"


def _job(number: int, pods: int) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "example.org/train:1",
        "resources": {"limits": {"nvidia.com/gpu": "1", "cpu": "1", "memory": "1Gi"}},
    }
    spec = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "namespace": f"a{number}"},
        "spec": {"parallelism": pods, "completions": pods, "template": {"spec": spec}},
    }


def _jobs(compilation: Compilation, dice: random.Random) -> list[dict[str, Any]]:
    """For each tenant as many pods as it can get, or one more."""
    platform = compilation.platform
    assert platform
    lending = Lending(platform.tenants)
    found = []
    for number in range(GROUPS):
        tenant = platform.tenants.find(f"a{number}")
        assert tenant
        most = int(lending.obtainable(tenant, "gpu", "gpu"))
        found.append(_job(number, max(1, most + dice.choice((0, 1)))))
    return found


@pytest.fixture(scope="module")
def verdicts(
    lab: Any, kueue_image: tuple[dict[str, Path], bool], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Queueing, Compilation, list[dict[str, Any]]]]:
    """The manager with all queues, and the jobs."""
    try:
        find_all(controllers=True)
    except Refused as refused:
        pytest.skip(str(refused))
    folder = tmp_path_factory.mktemp("verdicts")
    dice = random.Random(SEED)  # noqa: S311 - which tenants, no secret
    file = folder / "blueprint.yaml"
    file.write_text(HEAD + "".join(_groups(dice)))
    compilation = compile_blueprint(str(file))
    assert compilation.bundle, compilation.diagnostics
    image, pinned = kueue_image
    with lab.fresh(controllers=True) as own:
        operated = Operated.start(compilation, own, folder)
        try:
            if not pinned:
                without_later(operated)
            yield queue(operated, image), compilation, _jobs(compilation, dice)
        finally:
            operated.close()


def test_kueue_admits_what_admit_says_and_nothing_else(
    verdicts: tuple[Queueing, Compilation, list[dict[str, Any]]],
) -> None:
    queueing, compilation, jobs = verdicts
    platform, bundle = compilation.platform, compilation.bundle
    assert platform
    assert bundle
    admission = Admission(platform, ResolvedFacts(platform), bundle.objects)
    results = admission.results([Object(each, USERS) for each in jobs])
    expected = {str(each.subject.id.namespace): each.fit == "fits" for each in results}
    assert len(expected) == GROUPS
    assert min(sum(expected.values()), GROUPS - sum(expected.values())) >= GROUPS // 5
    for each in jobs:
        queueing.operated.lab.request("POST", f"/apis/batch/v1/namespaces/{each['metadata']['namespace']}/jobs", each)

    def decided() -> bool:
        """Every job is admitted, or Kueue says of its workload why it is not."""
        admitted = {name for name in expected if queueing.admitted(name)}
        refused = {name for name in expected if name not in admitted and _is_refused(queueing, name)}
        return len(admitted) + len(refused) == GROUPS

    queueing.manager.wait_for(decided, 180)
    found = {name: bool(queueing.admitted(name)) for name in expected}
    assert {name for name in found if found[name] != expected[name]} == set()


def _is_refused(queueing: Queueing, namespace: str) -> bool:
    """Whether Kueue has looked at the workload, and found too little quota."""
    conditions = [each for one in queueing.waiting(namespace) for each in one.get("status", {}).get("conditions", [])]
    return any(each["type"] == "QuotaReserved" and each["status"] == "False" for each in conditions)
