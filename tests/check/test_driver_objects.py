"""Two drivers for the same nodes: which of them is reported (BP6044)."""

from __future__ import annotations

from blueprint.bundle.model import USERS, Object
from blueprint.check.rules.nvidia_driver.selection import selectors
from tests.support.rule_facts import context


def driver(name: str, component: str) -> Object:
    spec = {"driverType": "gpu", "image": "driver", "nodeSelector": {"pool": "train"}}
    data = {"apiVersion": "nvidia.com/v1alpha1", "kind": "NVIDIADriver", "metadata": {"name": name}, "spec": spec}
    return Object(data, component)


def test_the_driver_of_a_user_is_blamed_wherever_it_is() -> None:
    ours, theirs = driver("ours", "gpu-operator"), driver("theirs", USERS)
    for objects in ([ours, theirs], [theirs, ours]):
        known = context(objects)
        blamed = {each.id.name: [found.text for found in selectors.check(each, known)] for each in objects}
        assert blamed == {"ours": [], "theirs": ["spec.nodeSelector selects nodes that ours also selects"]}


def test_of_two_drivers_of_users_the_later_one_is_blamed() -> None:
    first, second = driver("first", USERS), driver("second", USERS)
    known = context([first, second])
    assert not [*selectors.check(first, known)]
    [found] = selectors.check(second, known)
    assert found.text == "spec.nodeSelector selects nodes that first also selects"
