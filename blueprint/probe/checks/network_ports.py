"""The ports of the fabric's network adapters are up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.fabric import LINK_UP, Network
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import record

if TYPE_CHECKING:
    from blueprint.probe.network_cards import Card, Port
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NETWORK_PORT = define(
    "BP9301",
    "network-port-down",
    """
A port of a network card on the pool's fabric does not carry traffic: it is not ACTIVE, or its link is not up. `2: INIT`
with the link up means that InfiniBand's subnet manager did not configure it; `1: DOWN` is a cable, a transceiver or a
switch port. Jobs that use all cards hang or fail on this node.
""",
)

_CABLE = "check the cable, transceiver and switch port (`mlxlink`, `ibstat` on the node)"
_MANAGER = "check the fabric's subnet manager: the link is up, but the port is not active"


@check("network-ports", record(Network), expects=lambda _: "ports ACTIVE, links up", only_if_expected=True)
def network_ports(verdicts: VerdictFactory, expected: Network) -> list[Verdict]:
    """All ports of the fabric's adapters are ACTIVE with their link up; with RoCE, at least one port of each adapter.

    The number of adapters is not checked. Adapters with two ports often have only one cable on an Ethernet fabric.
    """
    from blueprint.probe.network_cards import Cards

    found = Cards(verdicts.reading, expected).found
    if found.value is None:
        return [verdicts.unknown(found)]
    if not found.value:
        why = f"{verdicts.node} has no card of the fabric whose ports could be examined"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), found.files))]
    one_will_do = expected.fabric == "roce"
    return [verdict for card in found.value for verdict in _judge(verdicts, card, one_will_do=one_will_do)]


def _judge(verdicts: VerdictFactory, card: Card, *, one_will_do: bool) -> list[Verdict]:
    up = [port for port in card.ports if port.up]
    if one_will_do and up:
        return [_verdict(verdicts, card, up[0])]
    return [_verdict(verdicts, card, port) for port in card.ports]


def _verdict(verdicts: VerdictFactory, card: Card, port: Port) -> Verdict:
    if port.states is None:
        detail = port.record.detail or port.record.quoted or "nothing was read"
        why = f"the state of {port.name} is unknown: {detail}"
        return verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), (port.record,)))
    observation = Observation(Status.READ, port.states, "", (), (port.record,))
    measured = ", ".join(port.states)
    if port.up:
        return verdicts.passed(observation, f"{port.name} is up", measured=measured)
    message = f"{port.name} at {card.slot} on {verdicts.node} is {measured}"
    remedy = _MANAGER if port.states[1] == LINK_UP else _CABLE
    return verdicts.failed(NETWORK_PORT, observation, message, measured=measured, remedy=remedy)
