"""The kubelet's configuration: declared, and not readable by this probe yet."""

from __future__ import annotations

from blueprint.probe import parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory


@check("kubelet", parameters.settings, if_expected=True)
def kubelet(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The kubelet is set up as declared. Always *unknown*: nothing here reads its configuration.

    `want`: `{"topologyManagerPolicy": "single-numa-node"}`, by the names of the kubelet's configuration file.
    `kubectl get --raw /api/v1/nodes/NODE/proxy/configz` shows it to whoever may ask the node.
    """
    wanted = parameters.settings(expectation.want)
    said = ", ".join(f"{key}: {value}" for key, value in wanted.items())
    why = "this probe does not read the kubelet's configuration; ask the node's /configz"
    return [VerdictFactory(reading, expectation, said).unknown(Observation(Status.UNREADABLE, None, why, ()))]
