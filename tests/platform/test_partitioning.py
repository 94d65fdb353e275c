"""The resources that pods can request of nodes with partitioned and shared GPUs, and the configuration for it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from ruamel.yaml import YAML

from blueprint.bundle.layout import LOCK
from tests.support.platforms import blueprint, compiled, pool

FOUR = "{devices: 0-3, profiles: {1g.10gb: 7}}"
MEDIA = "{devices: 0-3, profiles: {1g.10gb+me: 1, 1g.10gb: 6}}, {devices: [5], profiles: {7g.80gb: 1}}"
SEVEN, HALVES = "{profiles: {1g.10gb: 7}}", "{profiles: {3g.40gb: 2}}"


class Compiled:
    """The compiled result of the pools."""

    def __init__(self, pools: dict[str, str], distribution: str, settings: str) -> None:
        entries = [pool(name, f"gpu: {gpu}") for name, gpu in pools.items()]
        found = compiled(blueprint(*entries, distribution=distribution, settings=settings))
        self.codes = [each.code.id for each in found.diagnostics]
        assert found.files is not None, found.diagnostics
        assert found.bundle
        lock = orjson.loads(found.files[LOCK])
        self.pools = {pool["name"]: pool for pool in lock["pools"]}
        self.needs = found.files["prerequisites.md"].decode()
        self.maps = {obj.id.name: obj.data["data"] for obj in found.bundle.objects if obj.id.kind == "ConfigMap"}
        self.expectations = {(each.pool, each.check): each for each in found.bundle.expectations}
        [policy] = [obj.data["spec"] for obj in found.bundle.objects if obj.id.kind == "ClusterPolicy"]
        self.policy = policy

    def resources(self, pool: str) -> dict[str, int]:
        return dict(self.pools[pool]["resources"])

    def label(self, pool: str, name: str) -> str | None:
        found = self.pools[pool]["labels"].get(f"nvidia.com/{name}")
        return None if found is None else str(found)

    def mig_config(self, pool: str) -> Any:
        text = self.maps[self.policy["migManager"]["config"]["name"]]["config.yaml"]
        return YAML(typ="safe").load(text)["mig-configs"][self.label(pool, "mig.config")]

    def plugin_config(self, pool: str) -> Any:
        files = self.maps[self.policy["devicePlugin"]["config"]["name"]]
        return YAML(typ="safe").load(files[self.label(pool, "device-plugin.config")])


def cut(distribution: str = "vanilla", settings: str = "", **pools: str) -> Compiled:
    """Compile pools, given as the text of their `gpu`."""
    return Compiled(pools, distribution, settings)


def gpus(mig: str = "", sharing: str = "", *, product: str = "H100-SXM5-80GB", count: int = 8) -> str:
    """The text of `gpu`."""
    more = (f", mig: {mig}" if mig else "") + (f", sharing: {sharing}" if sharing else "")
    return f"{{product: {product}, count: {count}{more}}}"


@pytest.mark.parametrize(
    ("gpu", "strategy", "offered"),
    [
        (gpus(), "single", {"nvidia.com/gpu": 8}),
        (gpus(f"{{layout: [{SEVEN}]}}"), "single", {"nvidia.com/gpu": 56}),
        (gpus(f"{{strategy: mixed, layout: [{SEVEN}]}}"), "mixed", {"nvidia.com/mig-1g.10gb": 56}),
        (
            gpus(f"{{layout: [{MEDIA}]}}"),
            "mixed",
            {"nvidia.com/mig-1g.10gb": 24, "nvidia.com/mig-1g.10gb.me": 4, "nvidia.com/mig-7g.80gb": 1,
             "nvidia.com/gpu": 3},
        ),
        (gpus("", "{timeSlicing: 4}"), "single", {"nvidia.com/gpu": 32}),
        (gpus("", "{mps: 4}"), "single", {"nvidia.com/gpu": 32}),
        (gpus("", "{mps: 4, renameByDefault: true}"), "single", {"nvidia.com/gpu.shared": 32}),
        (gpus(f"{{layout: [{SEVEN}]}}", "{timeSlicing: 2}"), "single", {"nvidia.com/gpu": 112}),
        (
            gpus(f"{{layout: [{FOUR}]}}", "{timeSlicing: {1g.10gb: 2}, renameByDefault: true}"),
            "mixed",
            {"nvidia.com/mig-1g.10gb.shared": 56, "nvidia.com/gpu": 4},
        ),
        (
            gpus(f"{{layout: [{FOUR}]}}", "{timeSlicing: {all: 3, gpu: 5}}"),
            "mixed",
            {"nvidia.com/mig-1g.10gb": 84, "nvidia.com/gpu": 20},
        ),
    ],
)  # fmt: skip
def test_what_pods_can_request_of_a_node(gpu: str, strategy: str, offered: dict[str, int]) -> None:
    found = cut(one=gpu)
    assert found.resources("one") == offered
    assert found.policy["mig"]["strategy"] == strategy
    assert all(f"{name} ({number} per node)" in found.needs for name, number in offered.items() if gpu != gpus())


def test_a_pool_that_needs_mixed_makes_it_mixed_for_all() -> None:
    """The strategy is the cluster's: then seven instances of one profile are a resource of their own, too."""
    found = cut(
        alike=gpus(f"{{layout: [{SEVEN}]}}"), differing=gpus("{layout: [{devices: 0, profiles: {3g.40gb: 2}}]}")
    )
    assert found.policy["mig"]["strategy"] == "mixed"
    assert found.resources("alike") == {"nvidia.com/mig-1g.10gb": 56}


def test_the_configuration_of_mig_parted_covers_every_gpu_and_turns_the_rest_off() -> None:
    found = cut(
        one=gpus("{layout: [{devices: [5, 4], profiles: {3g.40gb: 2}}, {devices: 0, profiles: {1g.10gb: 7}}]}"),
        two=gpus(),
    )
    assert found.mig_config("one") == [
        {"devices": [4, 5], "mig-enabled": True, "mig-devices": {"3g.40gb": 2}},
        {"devices": [0], "mig-enabled": True, "mig-devices": {"1g.10gb": 7}},
        {"devices": [1, 2, 3, 6, 7], "mig-enabled": False},
    ]
    assert found.label("two", "mig.config") is None, "the operator gives it all-disabled"
    everything = YAML(typ="safe").load(found.maps[found.policy["migManager"]["config"]["name"]]["config.yaml"])
    assert everything["mig-configs"]["all-disabled"] == [{"devices": "all", "mig-enabled": False}]
    assert found.policy["migManager"]["config"]["default"] == "all-disabled"


def test_a_configuration_is_only_for_its_products_where_they_differ() -> None:
    alone = cut(one=gpus(f"{{layout: [{SEVEN}]}}"))
    assert alone.mig_config("one") == [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 7}}]

    found = cut(one=gpus(f"{{layout: [{SEVEN}]}}"), two=gpus(f"{{layout: [{HALVES}]}}", product="A100-SXM4-80GB"))

    assert [entry["device-filter"] for entry in found.mig_config("one")] == [["0x233010DE"]]
    assert [entry["device-filter"] for entry in found.mig_config("two")] == [["0x20B210DE"]]


def test_the_names_change_with_the_content_and_only_with_it() -> None:
    """The operator does not read a ConfigMap again, and the MIG manager acts when the label changes."""
    before = cut(one=gpus(f"{{layout: [{SEVEN}]}}", "{timeSlicing: 2}"), two=gpus("", "{mps: 3}"))
    after = cut(one=gpus(f"{{layout: [{HALVES}]}}", "{timeSlicing: 2}"), two=gpus("", "{mps: 3}"))

    assert before.label("one", "mig.config") != after.label("one", "mig.config")
    for config in ("migManager", "devicePlugin"):
        same = before.policy[config]["config"]["name"] == after.policy[config]["config"]["name"]
        assert same is (config == "devicePlugin")
    assert before.label("two", "device-plugin.config") == after.label("two", "device-plugin.config")


def test_the_configuration_of_the_device_plugin_is_where_it_reads_it() -> None:
    """Misplaced keys are silently ignored: these are exactly those of its version 1."""
    found = cut(slices=gpus("", "{timeSlicing: 4}"), mps=gpus("", "{mps: 2}"), plain=gpus())
    assert found.plugin_config("slices") == {
        "version": "v1",
        "flags": {"migStrategy": "single"},
        "sharing": {
            "timeSlicing": {
                "renameByDefault": False,
                "failRequestsGreaterThanOne": True,
                "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
            }
        },
    }
    assert set(found.plugin_config("mps")["sharing"]) == {"mps"}
    assert found.label("plain", "device-plugin.config") is None
    assert found.policy["devicePlugin"]["config"]["default"] == "default"
    assert "sharing" not in found.maps[found.policy["devicePlugin"]["config"]["name"]]["default"]


def test_nothing_is_rendered_if_nothing_is_partitioned_or_shared() -> None:
    found = cut(one=gpus())
    assert not [name for name in found.maps if name.startswith(("mig-parted", "device-plugin"))]
    assert "config" not in found.policy["devicePlugin"]
    assert found.policy["migManager"]["config"] == {"default": "all-disabled"}


AMPERE = gpus(f"{{layout: [{SEVEN}]}}", product="A100-SXM4-80GB")
REBOOT = "migReboot: true"


@pytest.mark.parametrize(
    ("distribution", "gpu", "settings", "warned"),
    [
        ("eks", AMPERE, "", True),
        ("eks", AMPERE, REBOOT, False),
        ("eks", AMPERE, REBOOT.replace("true", "false"), False),
        ("vanilla", AMPERE, "", False),
        ("eks", gpus(f"{{layout: [{SEVEN}]}}"), "", False),
    ],
)
def test_a_cloud_where_mig_mode_takes_a_reboot_that_nobody_may_do(
    distribution: str, gpu: str, settings: str, warned: bool
) -> None:
    found = cut(distribution=distribution, settings=settings, one=gpu)
    assert ("BP3133" in found.codes) is warned
    assert ("env" in found.policy["migManager"]) is (settings == REBOOT)


def test_unverified_placements_do_not_refuse_what_profiles_allow() -> None:
    found = cut(one=gpus("{layout: [{profiles: {3g.93gb: 1, 1g.23gb: 4}}]}", product="GB200", count=4))
    assert not found.codes
    assert found.resources("one") == {"nvidia.com/mig-1g.23gb": 16, "nvidia.com/mig-3g.93gb": 4}


def test_a_probe_must_find_as_many_gpus_cut_so_and_the_others_whole() -> None:
    """By number: the index of a GPU is not known in advance."""
    sevens = "{devices: 0-2, profiles: {1g.10gb: 7}}, {devices: [4], profiles: {1g.10gb: 7}}"
    found = cut(
        some=gpus(f"{{layout: [{sevens}, {{devices: 7, profiles: {{7g.80gb: 1}}}}]}}"),
        all=gpus(f"{{layout: [{SEVEN}]}}"),
        none=gpus(),
    )

    want = {name: each.parameters for name, each in found.expectations.items() if name[1].startswith("mig-")}
    assert want == {
        ("some", "mig-mode"): {"on": 5, "off": 3},
        ("some", "mig-layout"): {
            "cut": [{"gpus": 4, "instances": {"1g.10gb": 7}}, {"gpus": 1, "instances": {"7g.80gb": 1}}],
            "whole": 3,
        },
        ("all", "mig-mode"): True,
        ("all", "mig-layout"): {"cut": [{"gpus": 8, "instances": {"1g.10gb": 7}}], "whole": 0},
        ("none", "mig-mode"): False,
    }
    blamed = found.expectations["some", "mig-layout"].sources[0]
    assert blamed.path.startswith("spec.nodePools.some.gpu.mig.layout")
