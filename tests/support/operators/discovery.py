"""Node Feature Discovery, run as rendered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.go_tools import GoTools
from tests.support.operators.containers import Container
from tests.support.operators.operated import Json, Operated
from tests.support.waits import eventually

PRESENT = "feature.node.kubernetes.io/pci-10de.present"
FORBIDDEN = "forbidden"
ANY_PORT = "-port=0"
_NFD = "sigs.k8s.io/node-feature-discovery"
NFD = GoTools(
    "nfd",
    tuple(f"{_NFD}/cmd/{name}" for name in ("nfd-master", "nfd-worker", "nfd-gc")),
    takes="three minutes of two cores",
    stamps=(f"{_NFD}/pkg/version.version=v0.19.0", f"{_NFD}/pkg/utils/hostpath.pathPrefix=/host-"),
)
"""The programs of NFD, built like its image: they read the node's files below /host-."""


@dataclass(slots=True)
class Discovery:
    """The programs of NFD, and the platform that they examined."""

    operated: Operated
    image: Mapping[str, Path]
    master: Container
    workers: list[Container]


def discover(operated: Operated, image: Mapping[str, Path]) -> Discovery:
    """Run the master, and once the workers of the nodes. Returns when the nodes have their labels."""
    namespace = operated.namespace_of("nfd")
    names = operated.nodes().keys()
    pods = eventually(lambda: _on(operated.pods("nfd-worker", namespace), names))
    [master, *_] = eventually(lambda: operated.pods("nfd-master", namespace))
    running = operated.run(master, image, ANY_PORT)
    workers = [operated.run(pod, image, ANY_PORT, "-oneshot") for pod in pods]
    for worker in workers:
        assert worker.process.wait(60) == 0, worker.said()
    running.wait_for(lambda: all(_labelled(node) for node in operated.nodes().values()))
    return Discovery(operated, image, running, workers)


def _on(pods: list[Json], nodes: Collection[str]) -> list[Json]:
    """The pods on these nodes; empty while one of the nodes has no pod."""
    found = [each for each in pods if each["spec"]["nodeName"] in nodes]
    return found if len(found) == len(nodes) else []


def _labelled(node: Json) -> bool:
    return "feature.node.kubernetes.io/system-os_release.ID" in node["metadata"]["labels"]
