"""The kubelet's configuration, which this probe cannot read yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from blueprint.probe.check import check
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import TEXTS

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

_WHY = "the probe does not read the kubelet's configuration; query /configz of the node"


def _in_words(expected: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in expected.items())


@check("kubelet", TEXTS, expects=_in_words, only_if_expected=True)
def kubelet(verdicts: VerdictFactory, _: Mapping[str, str]) -> list[Verdict]:
    """The kubelet is configured as declared. Always *unknown*, because the probe does not read its configuration.

    Its parameters have the names of the kubelet's configuration file (`topologyManagerPolicy`). `kubectl get --raw
    /api/v1/nodes/NODE/proxy/configz` shows it to users with access to the node's proxy.
    """
    return [verdicts.unknown(Observation(Status.UNREADABLE, None, _WHY, ()))]
