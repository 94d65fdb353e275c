"""`blueprint admit` of workloads with several pod sets, which their queue admits as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.admission.workloads import Admission
from blueprint.cli.main import main
from blueprint.lint.inputs import STDIN, read_inputs
from blueprint.pipeline import compile_blueprint
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.tenanted import MACHINE, pools, tenants

POOLS = pools(
    {
        "train": "nodes: 5, gpu: {product: H100-SXM5-80GB, count: 8}",
        "other": "nodes: 2, gpu: {product: L40S, count: 4}",
    },
    MACHINE,
)
TENANTS = {
    "models": "quota: {train: 4}",
    "research": "parent: models, namespaces: [research], quota: {train: {guaranteed: 8, borrow: 4}}",
    "serving": "parent: models, namespaces: [serving], quota: {train: 8}",
    "vision": "namespaces: [vision], quota: {train: 8, other: 6}",
}
PLATFORM = POOLS + tenants(TENANTS)
COUNTING = POOLS + tenants({**TENANTS, "counted": "namespaces: [counted], quota: {train: {gpu: 8, cpu: 16}}"})
"""The same with a tenant that has a quota of processors."""
IMAGE = "registry.example/app:1.0"


def pod(gpus: int, cpu: int = 1, pool: str = "", group: str = "") -> str:
    limits = f"{{nvidia.com/gpu: {gpus}, cpu: {cpu}}}" if gpus else f"{{cpu: {cpu}}}"
    selector = f"nodeSelector: {{acme.example/pool: {pool}}}, " if pool else ""
    metadata = f"metadata: {{annotations: {{kueue.x-k8s.io/podset-group-name: {group}}}}}, " if group else ""
    spec = f"{selector}containers: [{{name: main, image: {IMAGE}, resources: {{limits: {limits}}}}}]"
    return f"{{{metadata}spec: {{{spec}}}}}"


def jobset(namespace: str, **sets: tuple[int, str]) -> str:
    jobs = "".join(
        f"    - {{name: {name}, replicas: {number}, template: {{spec: {{template: {text}}}}}}}\n"
        for name, (number, text) in sets.items()
    )
    head = f"apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {{name: it, namespace: {namespace}}}\n"
    return f"{head}spec:\n  replicatedJobs:\n{jobs}"


def ray(namespace: str, head: int, workers: int) -> str:
    group = f"{{groupName: small, replicas: {workers}, template: {pod(1)}}}"
    spec = f"{{headGroupSpec: {{template: {pod(head)}}}, workerGroupSpecs: [{group}]}}"
    return f"apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {{name: it, namespace: {namespace}}}\nspec: {spec}\n"


def mpi(namespace: str, workers: int, cpu: int) -> str:
    launcher = f"Launcher: {{replicas: 1, template: {pod(0, cpu)}}}"
    spec = f"{{mpiReplicaSpecs: {{{launcher}, Worker: {{replicas: {workers}, template: {pod(1)}}}}}}}"
    head = "apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\n"
    return f"{head}metadata: {{name: it, namespace: {namespace}}}\nspec: {spec}\n"


def lws(namespace: str, replicas: int, size: int, leader: int = 1) -> str:
    template = f"{{size: {size}, leaderTemplate: {pod(leader)}, workerTemplate: {pod(2)}}}"
    head = "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\n"
    spec = f"{{replicas: {replicas}, leaderWorkerTemplate: {template}}}"
    return f"{head}metadata: {{name: it, namespace: {namespace}}}\nspec: {spec}\n"


class Answered:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.rows = [" ".join(each.split()) for each in out.splitlines()]
        self.messages = err


Ask = Callable[..., Answered]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    monkeypatch.chdir(tmp_path)

    def answered(text: str, *flags: str, platform: str = PLATFORM) -> Answered:
        (tmp_path / "blueprint.yaml").write_text(platform)
        (tmp_path / "work.yaml").write_text(text)
        capsys.readouterr()
        code = main(["admit", "work.yaml", *flags])
        printed = capsys.readouterr()
        return Answered(code, printed.out, printed.err)

    return answered


def test_sets_that_pass_one_by_one_do_not_pass_together(ask: Ask) -> None:
    """Its own 8 and the 4 that it may borrow are 12."""
    found = ask(jobset("research", driver=(4, pod(1)), workers=(1, pod(8))))
    assert found.code == 0
    assert "together train driver (4 pods) and workers (1 pod) request 12 gpu of pool train" in found.rows
    assert "JobSet/research/it: driver: fits on 5 of 7 nodes" in found.messages
    assert "1 of 1 workload fit" in found.messages
    found = ask(jobset("research", driver=(5, pod(1)), workers=(1, pod(8))))
    assert found.code == 1
    expected = "driver (5 pods) and workers (1 pod) request 13 gpu of pool train, but it provides at most 12 gpu"
    assert f"never admits its pod sets together: {expected}" in found.messages
    assert f"together train - {expected.replace('it provides', 'the queue provides')}" in found.rows
    assert "0 of 1 workload fit" in found.messages
    assert found.messages.count("BP4045") == 1


@pytest.mark.parametrize(
    ("fits", "too_large"),
    [
        (ray("research", 4, 8), ray("research", 4, 9)),
        (ray("research", 0, 12), ray("research", 1, 12)),
        (lws("research", 3, 6, leader=2), lws("research", 1, 7, leader=2)),
    ],
    ids=["head and workers", "head without GPUs", "leader and workers of a group"],
)
def test_all_kinds_are_added_up(ask: Ask, fits: str, too_large: str) -> None:
    assert ask(fits).code == 0
    found = ask(too_large)
    assert (found.code, "BP4045" in found.messages) == (1, True)


def test_processors_of_a_launcher_are_added_up(ask: Ask) -> None:
    assert ask(mpi("counted", 8, 8), platform=COUNTING).code == 0
    found = ask(mpi("counted", 8, 9), platform=COUNTING)
    assert (found.code, "BP4045" in found.messages) == (1, True)


def test_a_set_that_no_quota_counts_comes_last_where_another_tenant_counts_processors(ask: Ask) -> None:
    """As the real Kueue does it: tests/operators/test_kueue_uncounted.py."""
    found = ask(ray("research", 0, 2), platform=COUNTING)
    assert found.code == 1
    assert "never admits this workload: there is no quota for what head (1 pod) requests" in found.messages
    assert "together - no quota for head (1 pod): Kueue assigns no flavor to the pod sets after it" in found.rows
    last = jobset("research", workers=(1, pod(2)), driver=(1, pod(0)))
    assert ask(last, platform=COUNTING).code == 0
    assert ask(ray("counted", 0, 2), platform=COUNTING).code == 0


def test_the_groups_of_a_leaderworkerset_are_admitted_one_by_one(ask: Ask) -> None:
    """Each group needs 6 + 10 of 12; with 9 groups, only some fit on the platform at once, which is just a warning."""
    found = ask(lws("research", 9, 3, leader=4))
    assert (found.code, "BP4043" in found.messages, "BP4045" in found.messages) == (0, True, False)
    assert "together train leader (1 pod) and worker (2 pods) request 8 gpu of pool train" in found.rows


def test_a_set_may_go_to_another_pool(ask: Ask) -> None:
    """other, the first of the queue's pools, has 6 and train 8."""
    found = ask(jobset("vision", first=(6, pod(1)), second=(8, pod(1))))
    assert found.code == 0
    assert "together other first (6 pods) request 6 gpu of pool other" in found.rows
    assert "together train second (8 pods) request 8 gpu of pool train" in found.rows
    found = ask(jobset("vision", first=(6, pod(1)), second=(8, pod(1)), third=(1, pod(1))))
    assert (
        found.code,
        "and third (1 pod) request 9 gpu of pool train, but it provides at most 8 gpu" in found.messages,
    ) == (1, True)


def test_a_set_whose_pool_is_taken_by_another_gets_the_next_pool_at_the_second_attempt(ask: Ask) -> None:
    found = ask(jobset("vision", first=(4, pod(1)), second=(4, pod(1, pool="other"))))
    assert found.code == 0
    assert "together train first (4 pods) request 4 gpu of pool train" in found.rows


def test_a_choice_of_pools_that_no_attempt_makes_must_be_selected(ask: Ask) -> None:
    """Both `first` and `second` would have to go to train, but in every attempt one of them starts with other."""
    sets = {"first": (3, pod(1)), "second": (4, pod(1)), "third": (5, pod(1, pool="other"))}
    found = ask(jobset("vision", **sets))
    assert (found.code, "while nothing else runs, the queue of tenant vision does not admit" in found.messages) == (
        1,
        True,
    )
    found = ask(jobset("vision", **sets), "-v")
    assert "use nodeSelector to bind first and second to pool train, third to pool other" in " ".join(
        found.messages.split()
    )
    sets |= {"first": (3, pod(1, pool="train")), "second": (4, pod(1, pool="train"))}
    assert ask(jobset("vision", **sets)).code == 0


def test_sets_of_a_group_get_the_same_pool(ask: Ask) -> None:
    apart = jobset("vision", first=(1, pod(1)), second=(8, pod(1)))
    together = jobset("vision", first=(1, pod(1, group="a")), second=(8, pod(1, group="a")))
    assert ask(apart).code == 0
    found = ask(together)
    assert (found.code, "first (1 pod) and second (8 pods) request 9 gpu of pool train" in found.messages) == (1, True)


def test_a_set_that_fails_alone_is_one_error(ask: Ask) -> None:
    found = ask(jobset("research", driver=(1, pod(1)), workers=(13, pod(1))))
    assert (found.code, found.messages.count("error[")) == (1, 1)
    assert "0 of 1 workload fit" in found.messages


def test_a_namespace_of_no_tenant_is_remarked(ask: Ask) -> None:
    found = ask(jobset("elsewhere", driver=(1, pod(1))))
    remark = "namespace elsewhere belongs to no tenant: no quota applies, and no queue adds tolerations"
    assert (found.code, remark in found.rows) == (1, True)
    assert remark in found.messages
    assert remark not in ask(jobset("elsewhere", driver=(1, pod(1))), "--tenant", "research").rows


def test_equal_pods_get_equal_results_however_they_come(tmp_path: Path) -> None:
    """Evaluated at once, one after another, and each with an engine of its own."""
    (tmp_path / "blueprint.yaml").write_text(COUNTING)
    compilation = compile_blueprint(str(tmp_path / "blueprint.yaml"))
    platform = compilation.platform
    assert platform is not None
    rendered = compilation.valid_bundle().objects
    texts = [
        jobset(namespace, first=(number, pod(1, pool=pool)), second=(1, pod(1)))
        for namespace in ("research", "vision", "counted", "elsewhere")
        for number in (1, 7, 9)
        for pool in ("", "other")
    ]
    objects = read_inputs([STDIN], "---\n".join(texts).encode()).objects
    assert len(objects) == len(texts)

    def prepared() -> Admission:
        return Admission(platform, ResolvedFacts(platform), rendered)

    alone = [prepared().results([each]) for each in objects]
    admission = prepared()
    one_by_one = [list(admission.results([each])) for each in objects]
    assert one_by_one == [list(each) for each in alone]
    assert list(prepared().results(objects)) == [each for found in one_by_one for each in found]
    assert len({each.fit for found in one_by_one for each in found}) > 1
