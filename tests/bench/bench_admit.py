"""How long `admit` takes for 10,000 workloads of 100 tenants: `python -m tests.bench.bench_admit [NUMBER]`.

The workloads are jobs, sets of jobs, services and Ray clusters of many sizes. The platform is resolved before the clock
starts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blueprint.admission.findings import diagnostics, table
from blueprint.admission.workloads import Admission
from blueprint.bundle.model import Object
from blueprint.pipeline import compile_blueprint
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.tenanted import MACHINE, pools, tenants

NUMBER = 10_000
TENANTS = 100
PLATFORM = pools(
    {
        "train": "nodes: 200, gpu: {product: H100-SXM5-80GB, count: 8}",
        "other": "nodes: 100, gpu: {product: L40S, count: 4}",
        "small": "nodes: 100, gpu: {product: A100-SXM4-80GB, count: 8}",
    },
    MACHINE,
)


def main() -> None:
    """Run, and print the time."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blueprint.yaml"
        file.write_text(PLATFORM + tenants(dict(_tenants())))
        compilation = compile_blueprint(str(file))
    platform = compilation.platform
    if platform is None:
        raise LookupError(f"no platform: {compilation.diagnostics}")
    rendered, objects = compilation.valid_bundle().objects, [Object(each, "users") for each in _workloads(number)]
    started = time.process_time()
    admission = Admission(platform, ResolvedFacts(platform), rendered)
    results = list(admission.results(objects))
    judged = time.process_time()
    lines = len(list(table(results))) + len(list(diagnostics(results)))
    written = time.process_time()
    for each in objects:
        list(admission.results([each]))
    apart = time.process_time() - written
    fits = ", ".join(f"{name}: {count:,}" for name, count in sorted(Counter(each.fit for each in results).items()))
    sys.stdout.write(
        f"{number:,} workloads of {TENANTS} tenants: {judged - started:.2f} s of CPU to judge, "
        f"{written - judged:.2f} s for {lines:,} lines and findings; {apart:.2f} s to judge one by one\n{fits}\n"
    )


def _tenants() -> Iterator[tuple[str, str]]:
    for number in range(TENANTS):
        if number % 10 == 0:
            yield f"g{number}", "quota: {train: 8}"
        quota = f"{{train: {{guaranteed: 8, borrow: {number % 7}}}, other: {number % 4 + 1}, small: 4}}"
        yield f"t{number}", f"parent: g{number // 10 * 10}, namespaces: [t{number}], quota: {quota}"


def _workloads(number: int) -> Iterator[dict[str, Any]]:
    makers = (_job, _jobset, _service, _ray)
    for index in range(number):
        found = makers[index % len(makers)](index)
        yield {**found, "metadata": {"name": f"w{index}", "namespace": f"t{index % TENANTS}"}}


def _pod(index: int, gpus: int) -> dict[str, Any]:
    limits = {"nvidia.com/gpu": gpus, "cpu": f"{500 + index % 40 * 250}m", "memory": f"{8 + index % 8}Gi"}
    container = {"name": f"c{index}", "image": f"registry.example/app:{index}", "resources": {"limits": limits}}
    pool = ({}, {"acme.example/pool": "train"}, {"acme.example/pool": "small"})[index % 3]
    return {"spec": {"nodeSelector": pool, "containers": [container]}}


def _job(index: int) -> dict[str, Any]:
    spec = {"parallelism": index % 9 + 1, "template": _pod(index, index % 5 + 1)}
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": spec}


def _service(index: int) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": index % 6, "template": _pod(index, 1)}}


def _jobset(index: int) -> dict[str, Any]:
    jobs = [
        {"name": name, "replicas": count, "template": {"spec": {"template": _pod(index, gpus)}}}
        for name, count, gpus in (("driver", 1, 1), ("workers", index % 8 + 1, 1), ("reader", 1, 0))
    ]
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "spec": {"replicatedJobs": jobs}}


def _ray(index: int) -> dict[str, Any]:
    workers = [{"groupName": "gpu", "replicas": index % 12, "template": _pod(index, 1)}]
    spec = {"headGroupSpec": {"template": _pod(index, 0)}, "workerGroupSpecs": workers}
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": spec}


if __name__ == "__main__":
    main()
