"""The kubelet's configuration: declared, and not readable by this probe yet."""

from __future__ import annotations

from blueprint.probe import parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("kubelet", parameters.settings, if_expected=True)
def kubelet(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The kubelet is set up as declared. Always *unknown*: nothing here reads its configuration.

    `want`: `{"topologyManagerPolicy": "single-numa-node"}`, by the names of the kubelet's configuration file.
    `kubectl get --raw /api/v1/nodes/NODE/proxy/configz` shows it to whoever may ask the node.
    """
    wanted = parameters.settings(expectation.want)
    said = ", ".join(f"{key}: {value}" for key, value in wanted.items())
    why = "this probe does not read the kubelet's configuration; ask the node's /configz"
    return [Bench(reading, expectation, said).unknown(Fact(Status.UNREADABLE, None, why, ()))]
