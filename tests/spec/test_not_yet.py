"""The whole language as designed: every key is implemented or rejected by name, and never ignored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blueprint.source.files import MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.spec.base import Model
from blueprint.spec.parse import parse_blueprint

HEAD = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: a}\n"
CLUSTER = '  cluster: {kubernetes: "1.36"}\n'
POOL = "    train:\n      nodes: 1\n      selector: {a: b}\n"

SECTIONS = {
    "computeDomains": "true",
    "queueing": "{kueue: {fairSharing: true}, priorities: {production: 1000}}",
    "tenants": "{physics: {weight: 2}}",
    "plans": "{lab: {network: isolated}}",
    "policy": "{podSecurity: baseline, health: {row-remap-failure: replace, xid-79: drain}}",
    "observability": "{prometheus: {namespace: monitoring, selectorLabels: {release: kps}}, metrics: standard}",
    "delivery": "{path: clusters/prod-eu/bundle, argocd: {repository: 'https://git.example/p.git'}}",
}
WITHIN = {
    "tenants.lattice.workloads": "tenants: {lattice: {«workloads»: [train-job]}}",
}
OF_A_POOL = {
    "machine": "{arch: amd64, cpu: 192, memory: 2Ti}",
    "owner": "{driver: host, toolkit: provider, devicePlugin: operator}",
    "topology": "{acme.example/rack: 8}",
    "kubelet": "{topologyManager: single-numa-node}",
    "nvlinkDomain": "{nodes: 18, label: nvidia.com/gpu.clique}",
    "karpenter": "{nodeClass: gpu, instanceTypes: [g6e.12xlarge], capacity: [spot]}",
    "costPerGpuHour": "0.9",
    "allocation": "dra",
    "kata": "{}",
}
OF_A_GPU = {"mig": "{strategy: mixed, layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}", "sharing": "{timeSlicing: 4}"}
VALUES = {
    "gpuStack": ["operator", "standalone"],
    "cluster.distribution": ["gke", "openshift"],
    "components.nfd.ownership": ["chart"],
}


def _documents() -> Iterator[tuple[str, str]]:
    for key, value in SECTIONS.items():
        yield f"spec.{key}", f"{HEAD}spec:\n{CLUSTER}  nodePools:\n{POOL}  «{key}»: {value}\n  release: '2026.11'\n"
    for key, value in WITHIN.items():
        yield f"spec.{key}", f"{HEAD}spec:\n{CLUSTER}  nodePools:\n{POOL}  {value}\n  release: '2026.11'\n"
    for key, value in OF_A_POOL.items():
        text = f"{HEAD}spec:\n{CLUSTER}  release: '2026.11'\n  nodePools:\n{POOL}      «{key}»: {value}\n"
        yield f"spec.nodePools.train.{key}", text
    for key, value in OF_A_GPU.items():
        text = f"{HEAD}spec:\n{CLUSTER}  release: '2026.11'\n  nodePools:\n{POOL}"
        gpu = f"      gpu:\n        product: A100-SXM4-80GB\n        count: 8\n        «{key}»: {value}\n"
        yield f"spec.nodePools.train.gpu.{key}", text + gpu
    rest = f"  release: '2026.11'\n  nodePools:\n{POOL}"
    yield "spec.cluster.topology", f"{HEAD}spec:\n  cluster:\n    kubernetes: '1.36'\n    «topology»: [a.b/c]\n{rest}"
    for value in VALUES["gpuStack"]:
        yield f"spec.gpuStack: {value}", f"{HEAD}spec:\n{CLUSTER}  gpuStack: «{value}»\n{rest}"
    for value in VALUES["cluster.distribution"]:
        text = f"{HEAD}spec:\n  cluster:\n    kubernetes: '1.36'\n    distribution: «{value}»\n{rest}"
        yield f"spec.cluster.distribution: {value}", text
    for value in VALUES["components.nfd.ownership"]:
        text = f"{HEAD}spec:\n{CLUSTER}  components: {{nfd: {{ownership: «{value}»}}}}\n{rest}"
        yield f"spec.components.nfd.ownership: {value}", text


DOCUMENTS = dict(_documents())


def models() -> Iterator[type[Model]]:
    """Every model of the language."""
    found = [*Model.__subclasses__()]
    while found:
        model = found.pop()
        yield model
        found += model.__subclasses__()


def planned() -> set[str]:
    """The keys, and the values of keys, that are not implemented yet."""
    keys = {key for model in models() for key in model.NOT_YET}
    return keys | {value for model in models() for values in model.NOT_YET_VALUES.values() for value in values}


def test_the_design_names_everything_that_is_not_yet_implemented() -> None:
    words = {name.rpartition(": ")[2].rpartition(".")[2] for name in DOCUMENTS}
    assert planned() <= words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_sketched_is_understood_or_refused_by_name_at_its_place(name: str) -> None:
    text = DOCUMENTS[name]
    before, _, rest = text.partition("«")
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    files = MemoryFiles({"blueprint.yaml": before + rest.replace("»", "", 1)})

    _, found, _ = parse_blueprint(load_layers("blueprint.yaml", files=files))

    codes = {each.code.id for each in found}
    assert "BP2001" not in codes
    assert "BP2005" not in codes
    if name.rpartition(": ")[2].rpartition(".")[2] in planned():
        [told] = found
        assert told.code.id == "BP2003"
        assert told.message.startswith(name)
        assert told.at
        assert (told.at.line, told.at.column) == place
        assert told.help
    else:
        assert not found
