"""The Kata handlers that a component can install, and the location of containerd on nodes: `handlers.yaml`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.records import Record, field

Language = Literal["go", "rust"]
Confidential = Literal["snp", "tdx"]


class Overhead(Record, kw_only=True):
    """The resources that a virtual machine needs in addition to its pod, as quantities."""

    cpu: Text
    memory: Text


class Handler(Record, kw_only=True):
    """One handler. The comment at the top of `handlers.yaml` explains the keys."""

    language: Language
    gpus: bool = False
    confidential: Confidential | None = None
    archs: tuple[Text, ...]
    permits: tuple[Text, ...] = ()
    overhead: Overhead
    labels: Mapping[Text, Text] = field(default_factory=dict)
    kernel: tuple[Text, ...] = ()


class Encryption(Record, kw_only=True):
    """A method of memory encryption: the label of nodes that support it, and the keys of which each virtual machine
    uses one.

    Node Feature Discovery sets the label if it finds `feature`, and counts the keys with `counter`.
    """

    title: Text
    label: Text
    key: Text
    feature: Text
    counter: Text
    rule: Text


class Runtime(Record, kw_only=True):
    """The location of containerd's configuration on nodes, and the folder of its socket.

    `whole_server`: restarting containerd restarts all of Kubernetes on the node.
    """

    name: Text
    configuration: Text
    socket: Text
    whole_server: bool = False


class Handlers(CatalogueFile, kw_only=True):
    """The whole file of one component."""

    component: Text
    source: Text
    resources: Mapping[Literal["gpu", "nvswitch"], Text]
    annotations: Text
    strict_from: Text
    handlers: Mapping[Text, Handler]
    confidential: Mapping[Confidential, Encryption]
    runtimes: Mapping[Text, Runtime]

    def shim(self, language: Language, confidential: str | None, *, gpus: bool) -> str:
        """The handler that meets a pool's requirements. There is exactly one."""
        wanted = (language, confidential, gpus)
        found = ((one.language, one.confidential, one.gpus) == wanted for one in self.handlers.values())
        return next(name for name, fits in zip(self.handlers, found, strict=True) if fits)


@lru_cache(maxsize=2)
def load_handlers(folder: Path) -> Handlers:
    """The handlers of the component in `folder`. Raises Refused (BP3901) if a file is invalid."""
    return read(folder / "handlers.yaml", Handlers)
