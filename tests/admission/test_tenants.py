"""`blueprint admit` in namespaces of tenants: their quota, what they could borrow, what their queue never admits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.cli.main import main
from tests.support.platforms import platform
from tests.support.tenanted import MACHINE, pools, tenants

PLATFORM = pools(
    {
        "train": f"nodes: 4, {MACHINE}, gpu: {{product: H100-SXM5-80GB, count: 8}}",
        "other": "nodes: 1, gpu: {product: L40S, count: 4}",
    }
)
QUEUES = tenants(
    {
        "models": "quota: {train: 4}",
        "research": "parent: models, namespaces: [research], quota: {train: {guaranteed: 8, borrow: 6, lend: 2}}",
        "serving": "parent: models, namespaces: [serving], quota: {train: {guaranteed: 16, lend: 8}}",
        "alone": "namespaces: [alone], quota: {other: {gpu: 4, cpu: 8}}",
    }
)
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: job, namespace: {namespace}}}
spec:
  parallelism: {pods}
  completions: {pods}
  template:
    spec:
      restartPolicy: Never
      containers:
        - {{name: main, image: registry.example/app:1.0, resources: {{limits: {{nvidia.com/gpu: {gpus}, cpu: {cpu}}}}}}}
"""
SERVICE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: research}
spec:
  replicas: 20
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: registry.example/app:1.0, resources: {limits: {nvidia.com/gpu: 1}}}]
"""


CHECKED = "queueing: {kueue: {provisioningRequests: {room: {class: checkCapacity, pools: [train]}}}}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "blueprint.yaml").write_text(PLATFORM + QUEUES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str = "", *flags: str, **job: object
) -> tuple[int, list[str], str]:
    """The exit code, the table rows by their columns, and the messages about the workload."""
    fields: dict[str, object] = {"namespace": "research", "pods": 1, "gpus": 1, "cpu": 1, **job}
    (folder / "job.yaml").write_text(text or JOB.format(**fields))
    code = main(["admit", "job.yaml", *flags])
    printed = capsys.readouterr()
    return code, printed.out.splitlines()[1:], printed.err


def row(rows: list[str], pool: str) -> str:
    return next(each for each in rows if pool in each.split())


def test_the_namespace_decides_whose_quota_is_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own quota is 8; of the 12 that others lend, `borrow` allows 6. Kueue adds the toleration."""
    code, rows, _ = asked(folder, capsys, pods=14)
    assert code == 0
    assert " 4 of 4  14 " in row(rows, "train")
    assert "8 gpu of its own, 6 more from models, serving, to be returned" in row(rows, "train")
    assert "no quota of pool other" in row(rows, "other")


def test_more_than_the_queue_ever_admits_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = asked(folder, capsys, pods=15)
    assert (code, "BP4045" in told, "its quota covers only 14" in told) == (1, True, True)
    code, _, told = asked(folder, capsys, pods=2, gpus=8)
    assert (code, "its quota covers only 1" in told) == (1, True)


def test_what_others_do_not_lend_cannot_be_borrowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """16 of its own, 4 of the group, and 2 that research lends."""
    assert asked(folder, capsys, namespace="serving", pods=22)[0] == 0
    assert asked(folder, capsys, namespace="serving", pods=23)[0] == 1


def test_pods_that_are_admitted_one_by_one_may_be_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = asked(folder, capsys, SERVICE)
    assert (code, "BP4043" in told, "BP4045" in told) == (0, True, False)


def test_what_a_quota_counts_besides_gpus_limits_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = asked(folder, capsys, namespace="alone", pods=2, cpu=4)
    assert (code, " 1 of 1  2 " in row(rows, "other")) == (0, True)
    code, _, told = asked(folder, capsys, namespace="alone", cpu=9)
    assert (code, "can get 8 cpu of pool other, but 9 are requested" in told) == (1, True)


def test_what_a_workload_waits_for_besides_quota_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only for the pool with the check, and only for pods that request the checked resource."""
    checked = QUEUES.replace("queueing: {kueue: {}}", CHECKED)
    (folder / "blueprint.yaml").write_text(PLATFORM + checked)
    code, _, told = asked(folder, capsys, "", "-v")
    assert (code, "waits for the check room until Cluster Autoscaler finds room for all of its pods" in told) == (
        0,
        True,
    )
    assert "was not examined" in told
    code, _, told = asked(folder, capsys, "", "-v", namespace="alone")
    assert (code, "check room" in told) == (0, False)


@pytest.mark.parametrize(
    ("label", "name", "fits"), [("high", "", False), ("", "high", False), ("low", "low", True), ("other", "", True)]
)
def test_a_priority_above_the_cap_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], label: str, name: str, fits: bool
) -> None:
    """Set by the label for the queue, or as the pods' class; nothing is known of other classes."""
    capped = QUEUES.replace("kueue: {}", "kueue: {}, priorities: {high: 1000, low: 0}")
    (folder / "blueprint.yaml").write_text(
        PLATFORM + capped.replace("namespaces: [alone]", "namespaces: [alone], priorityCap: low")
    )
    text = JOB.format(namespace="alone", pods=1, gpus=1, cpu=1)
    text = (
        text.replace("name: job,", f"name: job, labels: {{kueue.x-k8s.io/priority-class: {label}}},") if label else text
    )
    text = (
        text.replace("      restartPolicy", f"      priorityClassName: {name}\n      restartPolicy") if name else text
    )
    code, _, told = asked(folder, capsys, text)
    assert (code == 0, "priority high is 1000, above the priorityCap of alone (0)" in told) == (fits, not fits)


def test_another_tenant_can_be_selected(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(folder, capsys, "", "--tenant", "serving", pods=22)[0] == 0
    code, _, told = asked(folder, capsys, "", "--tenant", "models")
    assert (code, "tenant models is a group" in told) == (2, True)
    code, _, told = asked(folder, capsys, "", "--tenant", "servin")
    assert (code, "known: alone, research, serving" in told) == (2, True)


def test_outside_of_tenants_no_quota_counts_and_nobody_adds_tolerations(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, rows, _ = asked(folder, capsys, namespace="elsewhere")
    assert (code, "is not tolerated" in row(rows, "train")) == (1, True)


def test_claims_count_as_gpus(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PLATFORM.replace('release: "2026.11"', 'release: "2026.11"\n  allocation: dra')
    queues = QUEUES.replace("{other: {gpu: 4, cpu: 8}}", "{other: 4}")
    (folder / "blueprint.yaml").write_text(text + queues)
    claims = "resourceClaims: [{name: gpu, resourceClaimTemplateName: gpu}]"
    pod = JOB.format(namespace="research", pods=15, gpus=1, cpu=1).replace("nvidia.com/gpu: 1, ", "")
    pod = pod.replace("restartPolicy: Never", f"restartPolicy: Never\n      {claims}")
    template = """---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: gpu, namespace: research}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com, count: 1}}]}}}
"""
    code, _, told = asked(folder, capsys, pod + template)
    assert (code, "its quota covers only 14" in told) == (1, True)


GROUPED = """---
apiVersion: v1
kind: Pod
metadata:
  name: <name>
  namespace: research
  labels: {kueue.x-k8s.io/queue-name: default, kueue.x-k8s.io/pod-group-name: mpi}
  annotations: {kueue.x-k8s.io/pod-group-total-count: "<total>"}
spec:
  containers: [{name: main, image: registry.example/app:1.0, resources: {limits: {nvidia.com/gpu: <gpus>}}}]
"""


def grouped(total: int, *gpus: int) -> str:
    """Pods of one group, by their GPUs."""
    text = GROUPED.replace("<total>", str(total))
    return "".join(text.replace("<name>", f"p{each}").replace("<gpus>", str(many)) for each, many in enumerate(gpus))


def test_pods_of_a_group_are_admitted_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """14 GPUs are available. It makes no difference whether the other pods of the group are in a file."""
    code, rows, _ = asked(folder, capsys, grouped(7, 2, 2))
    assert (code, " 4 of 4  7 " in row(rows, "train")) == (0, True)
    code, _, told = asked(folder, capsys, grouped(8, 2))
    assert (code, "never admits its 8 pods: its quota covers only 7" in told) == (1, True)
    code, _, told = asked(folder, capsys, grouped(3, 8, 4, 2))
    assert (code, "3 of 3" in told or "1 of 1 workload fit" in told) == (0, True)
    code, _, told = asked(folder, capsys, grouped(3, 8, 4, 4))
    assert (code, "never admits its pod sets together" in told) == (1, True)


@pytest.mark.parametrize("amount", ["eight", "500m", "1.5"])
def test_amounts_that_the_api_server_refuses_are_not_overlooked(
    folder: Path, capsys: pytest.CaptureFixture[str], amount: str
) -> None:
    code, _, told = asked(folder, capsys, gpus=amount)
    assert (code, "of nvidia.com/gpu are requested, but only whole numbers are allowed" in told) == (1, True)


SLICES = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: slices}
spec:
  release: "2026.11"
  gpuStack: standalone
  cluster: {kubernetes: "1.36", distribution: vanilla}
  poolLabel: acme.example/pool
  nodePools:
    slices:
      allocation: dra
      nodes: 2
      gpu: {product: A100-SXM4-80GB, count: 8, mig: {layout: [{devices: all, profiles: {1g.10gb: 4, 3g.40gb: 1}}]}}
  queueing: {kueue: {}}
  tenants:
    lab: {namespaces: [lab], quota: {slices: {1g.10gb: 20}}}
    other: {namespaces: [other], quota: {slices: {3g.40gb: 4}}}
  components: {dra-driver-nvidia-gpu: {settings: {extendedResources: never}}}
"""
CLAIMING = """
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: lab}
spec:
  parallelism: <pods>
  completions: <pods>
  template:
    spec:
      restartPolicy: Never
      resourceClaims: [{name: gpu, <source>}]
      containers: [{name: main, image: registry.example/app:1.0, resources: {claims: [{name: gpu}]}}]
"""
TEMPLATE = """---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: own, namespace: lab}
spec: {spec: {devices: {requests: [{name: gpu, <request>}]}}}
"""


def claiming(pods: int, source: str, request: str = "") -> str:
    """A job whose pods claim devices."""
    text = CLAIMING.replace("<pods>", str(pods)).replace("<source>", source)
    return text + (TEMPLATE.replace("<request>", request) if request else "")


def test_claims_of_a_profile_count_as_that_profile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "blueprint.yaml").write_text(SLICES)
    rendered = "resourceClaimTemplateName: mig-1g.10gb"
    code, rows, _ = asked(folder, capsys, claiming(20, rendered))
    assert (code, " 2 of 2  20 " in row(rows, "slices")) == (0, True)
    assert "20 1g.10gb of its own" in row(rows, "slices")
    code, _, told = asked(folder, capsys, claiming(21, rendered))
    assert (code, "its quota covers only 20" in told) == (1, True)

    own, exactly = "resourceClaimTemplateName: own", "exactly: {deviceClassName: mig-%s.nvidia.com, count: %d}"
    code, rows, _ = asked(folder, capsys, claiming(5, own, exactly % ("1g.10gb", 4)))
    assert (code, " 2 of 2  5 " in row(rows, "slices")) == (0, True)
    code, _, told = asked(folder, capsys, claiming(1, own, exactly % ("3g.40gb", 1)))
    assert (code, "tenant lab has no quota of 3g.40gb of pool slices" in told) == (1, True)


OF_DRIVER = "deviceClassName: mig.nvidia.com"


@pytest.mark.parametrize(
    ("source", "request_", "says"),
    [
        (
            "resourceClaimTemplateName: own",
            f"exactly: {{{OF_DRIVER}}}",
            "of the class mig.nvidia.com: it counts only mig-1g",
        ),
        (
            "resourceClaimTemplateName: own",
            "firstAvailable: [{name: a, deviceClassName: mig-1g.10gb.nvidia.com}]",
            "does not admit claims with firstAvailable",
        ),
        (
            "resourceClaimTemplateName: own",
            "exactly: {deviceClassName: mig-1g.10gb.nvidia.com, allocationMode: All}",
            "does not admit claims with allocationMode All",
        ),
    ],
)
def test_claims_that_kueue_does_not_count_are_admitted_by_no_queue(
    folder: Path, capsys: pytest.CaptureFixture[str], source: str, request_: str, says: str
) -> None:
    (folder / "blueprint.yaml").write_text(SLICES)
    code, _, told = asked(folder, capsys, claiming(1, source, request_))
    assert (code, says in told) == (1, True), told


def test_where_the_scheduler_makes_claims_pods_request_the_profile(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "blueprint.yaml").write_text(SLICES.replace("extendedResources: never", "extendedResources: always"))
    job = JOB.format(namespace="lab", pods=20, gpus=1, cpu=1).replace("nvidia.com/gpu", "nvidia.com/mig-1g.10gb")
    code, rows, _ = asked(folder, capsys, job)
    assert (code, " 2 of 2  20 " in row(rows, "slices")) == (0, True)
    exactly = "exactly: {deviceClassName: mig-1g.10gb.nvidia.com}"
    code, _, told = asked(folder, capsys, claiming(1, "resourceClaimTemplateName: own", exactly))
    assert (code, "request nvidia.com/mig-1g.10gb, for which the scheduler creates claims" in told) == (1, True), told


AMOUNT = st.fixed_dictionaries(
    {"guaranteed": st.integers(0, 3)}, optional={"borrow": st.integers(0, 3), "lend": st.integers(0, 3)}
)


@settings(max_examples=60)
@given(st.lists(AMOUNT, min_size=2, max_size=5), st.data())
def test_nobody_gets_more_than_there_is_or_less_than_is_guaranteed(
    amounts: list[dict[str, int]], data: st.DataObject
) -> None:
    lines = ["    t0: {quota: {train: 1}}\n"]
    for number, amount in enumerate(amounts, start=1):
        parent = data.draw(st.integers(0, number - 1))
        kept = {key: min(value, amount["guaranteed"]) if key == "lend" else value for key, value in amount.items()}
        lines.append(f"    t{number}: {{parent: t{parent}, quota: {{train: {kept}}}}}\n".replace("'", ""))
    found = platform(f"{PLATFORM}  queueing: {{kueue: {{}}}}\n  tenants:\n{''.join(lines)}")
    lending = found.tenants.lending
    everything = sum((lending.own(each, "train", "gpu") for each in found.tenants.every), Fraction(0))
    for tenant in found.tenants.every:
        own, most = lending.own(tenant, "train", "gpu"), lending.obtainable(tenant, "train", "gpu")
        assert own <= most <= everything
        if tenant.quota["train"]["gpu"].borrow == "0" and not [
            each for each in found.tenants.every if each.parent is tenant
        ]:
            assert most == own
        if most > own and tenant.parent and not [each for each in found.tenants.every if each.parent is tenant]:
            assert [*lending.lenders(tenant, "train", "gpu")]
