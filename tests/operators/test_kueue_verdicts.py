"""The results of `blueprint admit` for generated workloads of tenants, compared with the real Kueue.

Tenants submit a Job each, and then a JobSet with several sets of pods, which Kueue admits together. Each is alone in
its group, so Kueue's decision does not depend on others. BLUEPRINT_SEED selects others; `make soak` tests more.
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
from blueprint.kubernetes.crds import crds_of
from blueprint.lab.assets import find_all
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.operators.operated import Operated
from tests.support.operators.queueing import API, Queueing, queue, without_later
from tests.support.soak import WHOLE

SEED = int(os.environ.get("BLUEPRINT_SEED", "1"))
GROUPS = 100 if WHOLE else 40
ADMITTED = "admitted"
WITH_OWNED = "propagationPolicy=Background"
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
    other: {nodes: {min: 1, max: 400}, selector: {example.org/pool: other}, gpu: {product: L40S, count: 4}}
  tenants:
"""


def _amount(dice: random.Random) -> str:
    guaranteed = dice.randint(0, 4)
    keys = [f"guaranteed: {guaranteed}"]
    keys += [f"borrow: {dice.randint(0, 4)}"] if dice.random() < 0.4 else []
    keys += [f"lend: {dice.randint(0, guaranteed)}"] if dice.random() < 0.4 else []
    return f"{{{', '.join(keys)}}}"


def _quota(dice: random.Random) -> str:
    """Of one pool or both."""
    other = f", other: {_amount(dice)}" if dice.random() < 0.5 else ""
    return f"quota: {{gpu: {_amount(dice)}{other}}}"


def _groups(dice: random.Random) -> Iterator[str]:
    """A tree for each number: a group, possibly a nested one, and the members of both. `a` submits the workloads."""
    for number in range(GROUPS):
        own = f"quota: {{gpu: {dice.randint(0, 2)}}}" if dice.random() < 0.5 else ""
        yield f"    g{number}: {{{own}}}\n"
        inner = dice.random() < 0.5
        if inner:
            yield f"    h{number}: {{parent: g{number}, {_quota(dice)}}}\n"
        for member in "abc":
            parent = f"h{number}" if inner and member != "c" else f"g{number}"
            yield f"    {member}{number}: {{parent: {parent}, namespaces: [{member}{number}], {_quota(dice)}}}\n"


def _pods(number: int, gpus: int, pool: str | None) -> dict[str, Any]:
    """The specification of a Job with that many pods, for any pool or for one."""
    requests = {"cpu": "1", "memory": "1Gi", **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
    container = {"name": "main", "image": "example.org/train:1", "resources": {"limits": requests}}
    selector = {"nodeSelector": {"example.org/pool": pool}} if pool else {}
    spec = {"restartPolicy": "Never", "containers": [container], **selector}
    return {"parallelism": number, "completions": number, "template": {"spec": spec}}


def _job(number: int, pods: int) -> dict[str, Any]:
    metadata = {"name": "job", "namespace": f"a{number}"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": _pods(pods, 1, "gpu")}


def _jobset(number: int, most: int, dice: random.Random) -> dict[str, Any]:
    """Two to four pod sets that together request about as much as is available; one may request no GPU."""
    sets = [
        {
            "name": f"set{index}",
            "replicas": dice.choice((1, 1, 2)),
            "template": {
                "spec": _pods(
                    dice.randint(1, max(1, most // 2)), dice.choice((0, 1, 1, 1)), dice.choice((None, "gpu", "other"))
                )
            },
        }
        for index in range(dice.randint(2, 4))
    ]
    sets[0]["template"] = {"spec": _pods(dice.randint(1, max(1, most // 2)), 1, dice.choice((None, "gpu")))}
    metadata = {"name": "set", "namespace": f"a{number}"}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": metadata,
        "spec": {"replicatedJobs": sets},
    }


def _most(compilation: Compilation) -> list[int]:
    """The maximum number of GPUs of the first pool that each tenant can get, by number."""
    platform = compilation.platform
    assert platform
    lending = platform.tenants.lending
    tenants = [platform.tenants.find(f"a{number}") for number in range(GROUPS)]
    return [int(lending.obtainable(each, "gpu", "gpu")) for each in tenants if each]


@pytest.fixture(scope="module")
def verdicts(
    lab: Any, kueue_image: tuple[dict[str, Path], bool], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Queueing, Compilation]]:
    """The manager with all queues."""
    try:
        find_all(controllers=True)
    except Refused as refused:
        pytest.skip(str(refused))
    folder = tmp_path_factory.mktemp("verdicts")
    file = folder / "blueprint.yaml"
    file.write_text(HEAD + "".join(_groups(random.Random(SEED))))  # noqa: S311 - which tenants, no secret
    compilation = compile_blueprint(str(file))
    assert compilation.bundle, compilation.diagnostics
    image, pinned = kueue_image
    with lab.fresh(controllers=True) as own:
        for crd in crds_of("jobset.x-k8s.io"):
            own.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
        operated = Operated.start(compilation, own, folder)
        try:
            if not pinned:
                without_later(operated)
            yield queue(operated, image), compilation
        finally:
            operated.close()


def test_a_job_is_admitted_where_admit_says_so_and_nowhere_else(verdicts: tuple[Queueing, Compilation]) -> None:
    queueing, compilation = verdicts
    dice = random.Random(SEED)  # noqa: S311 - which jobs, no secret
    jobs = [_job(number, max(1, most + dice.choice((0, 1)))) for number, most in enumerate(_most(compilation))]
    assert disagreements(queueing, compilation, jobs, "/apis/batch/v1/namespaces/{}/jobs") == {}


def test_sets_of_pods_are_admitted_together_where_admit_says_so_and_nowhere_else(
    verdicts: tuple[Queueing, Compilation],
) -> None:
    queueing, compilation = verdicts
    dice = random.Random(SEED)  # noqa: S311 - which sets, no secret
    sets = [_jobset(number, most, dice) for number, most in enumerate(_most(compilation))]
    found = disagreements(queueing, compilation, sets, "/apis/jobset.x-k8s.io/v1alpha2/namespaces/{}/jobsets")
    assert found == {}


def disagreements(
    queueing: Queueing, compilation: Compilation, workloads: list[dict[str, Any]], path: str
) -> dict[str, str]:
    """Kueue's decision for each workload about which `admit` disagrees, by namespace. All are deleted at the end."""
    platform, bundle = compilation.platform, compilation.bundle
    assert platform
    assert bundle
    admission = Admission(platform, ResolvedFacts(platform), bundle.objects)
    expected: dict[str, bool] = {}
    for answer in admission.results([Object(each, USERS) for each in workloads]):
        namespace = str(answer.subject.id.namespace)
        expected[namespace] = expected.get(namespace, True) and answer.fit == "fits"
    assert len(expected) == GROUPS
    assert min(sum(expected.values()), GROUPS - sum(expected.values())) >= GROUPS // 5
    lab = queueing.operated.lab
    for each in workloads:
        lab.request("POST", path.format(each["metadata"]["namespace"]), each)
    verdicts = queueing.manager.wait_for(lambda: _verdicts(queueing))
    for each in workloads:
        lab.request("DELETE", f"{path.format(each['metadata']['namespace'])}/{each['metadata']['name']}?{WITH_OWNED}")
    queueing.manager.wait_for(lambda: not queueing.operated.get(f"{API}/workloads"))
    return {name: verdicts[name] for name, admitted in expected.items() if admitted != (verdicts[name] == ADMITTED)}


def _verdicts(queueing: Queueing) -> dict[str, str] | None:
    """Kueue's decision about the workload of each namespace; None until it has decided about all."""
    found = {}
    for each in queueing.operated.get(f"{API}/workloads"):
        conditions = {one["type"]: one for one in each.get("status", {}).get("conditions", [])}
        reserved = conditions.get("QuotaReserved", {})
        if conditions.get("Admitted", {}).get("status") == "True":
            found[each["metadata"]["namespace"]] = ADMITTED
        elif reserved.get("status") == "False":
            found[each["metadata"]["namespace"]] = reserved["message"]
    return found if len(found) == GROUPS else None
