"""The ports of the fabric's network cards are up."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.network_cards import LINK_UP, Card, Cards, Port
from blueprint.probe.observations import Observation, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_CABLE = "look at cable, transceiver and switch port (`mlxlink`, `ibstat` on the node)"
_MANAGER = "the link is up, but no subnet manager made the port active: look at the fabric's subnet manager"


@check("network-ports", parameters.network, if_expected=True)
def network_ports(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every port of the fabric's cards is ACTIVE with its link up; with RoCE at least one port of each card.

    `want`: as for `network-cards`; the number of cards is not looked at. Cards with two ports often have one cable
    where the fabric is Ethernet.
    """
    wanted = parameters.network(expectation.want)
    verdicts = VerdictFactory(reading, expectation, "ports ACTIVE, links up")
    found = Cards(reading, wanted).found
    if found.value is None:
        return [verdicts.unknown(found)]
    if not found.value:
        why = f"{reading.node} has no card of the fabric whose ports could be looked at"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), found.files))]
    one_will_do = wanted.fabric == "roce"
    return [verdict for card in found.value for verdict in _judge(verdicts, card, one_will_do=one_will_do)]


def _judge(verdicts: VerdictFactory, card: Card, *, one_will_do: bool) -> list[Verdict]:
    up = [port for port in card.ports if port.up]
    if one_will_do and up:
        return [_verdict(verdicts, card, up[0])]
    return [_verdict(verdicts, card, port) for port in card.ports]


def _verdict(verdicts: VerdictFactory, card: Card, port: Port) -> Verdict:
    if port.states is None:
        said = port.answer.detail or port.answer.quoted or "nothing was read"
        why = f"the state of {port.name} cannot be told: {said}"
        return verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), (port.answer,)))
    observation = Observation(Status.READ, port.states, "", (), (port.answer,))
    measured = ", ".join(port.states)
    if port.up:
        return verdicts.passed(observation, f"{port.name} is up", measured=measured)
    message = f"{port.name} at {card.slot} on {verdicts.reading.node} is {measured}"
    remedy = _MANAGER if port.states[1] == LINK_UP else _CABLE
    return verdicts.failed(codes.NETWORK_PORT, observation, message, measured=measured, remedy=remedy)
