"""The number of network adapters on the fabric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.fabric import Network
from blueprint.probe.host_files import MODULES
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import record

if TYPE_CHECKING:
    from blueprint.probe.network_cards import Card, Cards
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NETWORK_CARDS = define(
    "BP9300",
    "network-cards",
    """
The node has a different number of network cards on the pool's fabric than declared. Cards are counted in the kernel's
RDMA class: InfiniBand and RoCE by the link layer of their ports, EFA by its PCI ids; functions of one slot count as one
card, and virtual functions are not counted. Fewer: a driver does not use a card (it is still on the PCI bus), or the
card is missing. More: cards for storage or management have the same link layer, and device plugins allocate them as
well.
""",
)

_FEWER = "check `lspci`, the kernel log and the driver of the cards, or correct `network.nics` in the blueprint"
_MORE = "count all cards of this link layer in `network.nics`, even those for storage: device plugins allocate them all"
_MODE = "set the cards of the other link layer to the fabric's (`mlxconfig ... LINK_TYPE_P1`), or correct `network`"
_IDLE = "check the kernel log for why no driver creates RDMA devices for the cards on the bus"
_RDMA_MODULES = frozenset({"mlx5_ib", "efa"})
_MANAGING = 4
"""The maximum number of ports on one board that manage NVLink."""


@check("network-cards", record(Network), expects=str, reads=(MODULES,), only_if_expected=True)
def network_cards(verdicts: VerdictFactory, expected: Network) -> list[Verdict]:
    """The node has as many network adapters on the pool's fabric as declared.

    Without `cards`, at least one is expected; without `vendor`, adapters of any vendor count. If the number is correct
    only with adapters of the model `management`, or only without them, the result is unknown, because they may manage
    NVLink. Adapters are counted in the kernel's RDMA class by the link layer of their ports, EFA adapters by PCI ID. If
    that class is empty although adapters on the PCI bus have a driver, they may belong to another network namespace:
    unknown.
    """
    from blueprint.probe.network_cards import Cards

    cards = Cards(verdicts.reading, expected)
    found = cards.found
    if found.value is None:
        return [verdicts.unknown(found)]
    number = len(_fabric(found.value, expected))
    measured = _in_words(_fabric(found.value, expected))
    if alike := _may_manage(found.value, expected):
        why = (
            f"{measured}, and up to {alike} of them may be ports that manage NVLink, which are not part of the fabric:"
            " on the node `grep -l SW_MNG /sys/class/infiniband/*/device/vpd` tells which. Do not count them in"
            " `network.nics`"
        )
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), found.files[:1]))]
    if number == expected.cards if expected.cards else number:
        return [verdicts.passed(found, measured, measured=measured)]
    loaded = verdicts.observed_host.modules.value
    if cards.hidden and (loaded is None or _RDMA_MODULES & loaded.keys()):
        why = "no RDMA device is visible, but cards with a driver are: they may be in another network namespace"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), (*found.files[:1], *cards.idle)))]
    return [_another_number(verdicts, cards, found, expected)]


def _another_number(
    verdicts: VerdictFactory, cards: Cards, found: Observation[tuple[Card, ...]], expected: Network
) -> Verdict:
    """A number of adapters other than the declared one, with other facts that may explain it."""
    fitting = _fabric(found.value or (), expected)
    number, measured, idle = len(fitting), _in_words(fitting), cards.idle
    on_bus = f"; {len(idle)} more without an RDMA device are on the PCI bus" if idle else ""
    message = f"{verdicts.node} has {measured}, not {expected.cards or 'any'}{on_bus}"
    other = cards.other_links
    named = ", ".join(f"{port.name} is {port.link}" for port in other[:8])
    message += f"; {named}" if named else ""
    remedy = _MORE if number > expected.cards else _IDLE if idle else _MODE if other else _FEWER
    shown = Observation(found.status, found.value, "", (), (*found.files[:1], *idle[:8]))
    return verdicts.failed(NETWORK_CARDS, shown, message, measured=measured, remedy=remedy)


def _may_manage(cards: tuple[Card, ...], expected: Network) -> int:
    """The number of adapters that may only manage NVLink, if this determines whether the total is correct."""
    models = [card for card in cards if expected.is_management(card.model)]
    number, alike, least = len(cards), min(len(models), _MANAGING), max(1, expected.cards)
    if not alike or number - alike > least or number - len(models) == least:
        return 0
    together = any(len(card.ports) >= _MANAGING for card in models)
    decides = number >= least if together else number > least
    return alike if decides or (not expected.cards and number == alike) else 0


def _fabric(cards: tuple[Card, ...], expected: Network) -> tuple[Card, ...]:
    """The adapters without those that must be for NVLink, because the others match the declared number."""
    others = tuple(card for card in cards if not expected.is_management(card.model))
    return others if expected.cards and len(others) == expected.cards else cards


def _in_words(cards: tuple[Card, ...]) -> str:
    ports = sum(len(card.ports) for card in cards)
    number = f"{len(cards)} network card{'' if len(cards) == 1 else 's'} of the fabric"
    return number if ports == len(cards) else f"{number} with {ports} ports"
