"""The effects of installing, removing and changing Kata are reported before the change."""

from __future__ import annotations

import pytest

from blueprint.changes.change import changed_objects
from blueprint.changes.compare import compare_objects
from blueprint.changes.effects import find_effects
from blueprint.changes.place_effects import pool_changes
from tests.support.platforms import H100, blueprint, compiled, pool

CONTAINERS = blueprint(pool("train", H100), pool("secure", H100, nodes=2))
KATA = blueprint(pool("train", H100), pool("secure", H100, "kata: {confidential: snp}", nodes=2))
WHOLE = KATA.replace("snp}", "snp, ccMode: ppcie}")
BROKER = KATA.replace("snp}", "snp, attestation: 'https://kbs.example'}")


def told(before: str, after: str) -> dict[str, list[str]]:
    """The messages by code."""
    old, new = compiled(before).bundle, compiled(after).bundle
    assert old
    assert new
    changes = compare_objects(old.objects, new.objects)
    objects = changed_objects(changes, {each.id: each.data for each in old.objects}, new.objects)
    found: dict[str, list[str]] = {}
    for each in find_effects(objects, new.objects, new.pools, pool_changes(old.pools, new.pools)):
        found.setdefault(each.code.id, []).append(each.message)
    return found


def test_installing_kata_restarts_runtimes() -> None:
    found = told(CONTAINERS, KATA)
    assert any("Kata is installed on pool secure (2 nodes)" in each for each in found["BP4504"])
    assert any("nodes of pool secure" in each for each in found["BP4504"])
    assert ["train" in each for each in found["BP4504"]] == [False] * len(found["BP4504"])
    assert any("nvidia.com/cc.mode (none) -> on" in each for each in found["BP4539"])


def test_removing_kata_restarts_runtimes() -> None:
    assert any("Kata is removed" in each for each in told(KATA, CONTAINERS)["BP4504"])


def test_another_mode_resets_gpus_and_restarts_no_runtime() -> None:
    found = told(KATA, WHOLE)
    assert any("on -> ppcie" in each for each in found["BP4539"])
    assert "BP4504" not in found


def test_another_configuration_reinstalls() -> None:
    [message] = told(KATA, BROKER)["BP4504"]
    assert "reinstalled, 1 at a time, on pool secure" in message


@pytest.mark.parametrize("text", [CONTAINERS, KATA])
def test_nothing_changes_nothing(text: str) -> None:
    assert told(text, text) == {}
