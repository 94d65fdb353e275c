"""What the supervisor of a lab is told: one argument on its command line, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """What to start, where, and whose it is.

    Attributes:
        folder: Absolute; made for the lab and removed with it.
        name: Shown in its kubeconfigs.
        owner: An Identity as text: the process that the lab dies with.
        binaries: Paths by name.
        controllers: Whether a scheduler and a controller manager run too.
        every: Whether the controller manager runs all of its controllers, not only those that the lab needs.
        live: Whether nodes and pods live: they become ready, and pods complete and go.
        seconds: How long it may take until it is ready.
        stood_in: Schedulers for which Kubernetes' stands in.
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
        """For the command line."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> LaunchSpec:
        """The inverse of `text`."""
        return cls(**json.loads(text))
