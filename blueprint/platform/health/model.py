"""Declared reactions to GPU faults, by the alerts that report them. Nothing here drains or repairs nodes."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.catalog.component_files.gpu_faults import GpuFault, load_gpu_faults
from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.tracked import Origins


class FaultReactions:
    """The reactions that the blueprint declares for each fault."""

    def __init__(self, reactions: Mapping[str, str], origins: Origins) -> None:
        self.reactions = reactions
        self._origins = origins

    @property
    def known(self) -> Mapping[str, GpuFault]:
        """All faults that an alert reports."""
        return load_gpu_faults()

    def label_of(self, alert: str) -> str | None:
        """The label `reaction` of an alert: a word, or one that depends on the Xid; None if nothing is declared."""
        if not self.reactions:
            return None
        found = [(name, fault) for name, fault in self.known.items() if fault.alert == alert and name in self.reactions]
        if not found:
            return None
        for name, _ in found:
            record(self._origins.source(("spec", "policy", "health", name)))
        several = sum(fault.alert == alert for fault in self.known.values()) > 1
        if not several:
            return self.reactions[found[0][0]]
        cases = [f'if eq $labels.xid "{fault.xid}" }}}}{self.reactions[name]}' for name, fault in found]
        return "{{ " + "{{ else ".join(cases) + "{{ end }}"
