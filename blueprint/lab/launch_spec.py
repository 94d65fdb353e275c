"""The launch specification of a lab's supervisor: one argument on its command line, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """The parameters of a lab to start.

    Attributes:
        folder: The absolute path; created for the lab and removed with it.
        name: The name in its kubeconfigs.
        owner: An Identity as text: the process with which the lab ends.
        binaries: Paths by name.
        controllers: Whether a scheduler and a controller manager also run.
        every: Whether the controller manager runs all controllers, not only those that the lab needs.
        live: Whether nodes and pods are simulated: nodes become ready, and pods complete and are deleted.
        seconds: The timeout in seconds until it is ready.
        stood_in: Schedulers that the Kubernetes scheduler replaces.
    """

    folder: str
    name: str
    owner: str
    binaries: Mapping[str, str]
    controllers: bool
    every: bool
    live: bool
    seconds: float
    stood_in: Sequence[str]

    def text(self) -> str:
        """The specification as text, for the command line."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> LaunchSpec:
        """The inverse of `text`."""
        return cls(**json.loads(text))
