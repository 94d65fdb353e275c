"""The lab's evaluation of nodes agrees with the real scheduler, for random pods of every kind."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.lab import Lab
from blueprint.lab.trial.follow import follow, verdict
from blueprint.lab.trial.node_fit import node_states, reasons

pytestmark = pytest.mark.lab
PODS = 60
SEED = int(os.environ.get("BLUEPRINT_SEED", "7"))
GPU = "nvidia.com/gpu"
EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")


def nodes(pick: random.Random) -> list[dict[str, Any]]:
    """Twelve nodes that differ in labels, taints and resources; one of them is cordoned."""
    made = []
    for number in range(12):
        labels = {"kubernetes.io/hostname": f"node-{number}", "size": str(number)}
        labels |= {"pool": pick.choice("abc")} if number % 4 else {}
        taints = [
            {"key": key, "value": pick.choice(["x", "y"]), "effect": pick.choice(EFFECTS)}
            for key in pick.sample(["gpu", "team"], pick.randint(0, 2))
        ]
        room = {"cpu": "8", "memory": f"{pick.choice([8, 64])}Gi", "pods": "30"}
        room |= {GPU: str(pick.choice([2, 8]))} if number % 3 else {}
        spec: dict[str, Any] = {"taints": taints} if taints else {}
        if number == 11:
            spec["unschedulable"] = True
        metadata = {"name": f"node-{number}", "labels": labels, "annotations": {"gpublueprint.dev/simulated": "true"}}
        made.append({"metadata": metadata, "spec": spec, "status": {"capacity": room, "allocatable": room}})
    return made


def toleration(pick: random.Random) -> dict[str, Any]:
    form = pick.randint(0, 3)
    found: dict[str, Any] = {"operator": "Exists"} if form == 0 else {"key": pick.choice(["gpu", "team"])}
    if form == 1:
        found["operator"] = "Exists"
    elif form:
        found["value"] = pick.choice(["x", "y"])
    if pick.random() < 0.3:
        found["effect"] = pick.choice(EFFECTS)
    return found


def requirement(pick: random.Random) -> dict[str, Any]:
    key = pick.choice(["pool", "size", "none"])
    match operator := pick.choice(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]):
        case "In" | "NotIn":
            values = ["a", "b"] if key == "pool" else [str(each) for each in pick.sample(range(12), 4)]
            return {"key": key, "operator": operator, "values": values}
        case "Gt" | "Lt":
            return {"key": "size", "operator": operator, "values": [str(pick.randint(0, 11))]}
    return {"key": key, "operator": operator}


def container(pick: random.Random, name: str) -> dict[str, Any]:
    limits = {"cpu": "10m", "memory": pick.choice(["16Mi", "9Gi", "0.5Gi"])}
    if pick.random() < 0.5:
        limits[GPU] = str(pick.choice([1, 1, 2, 4]))
    return {"name": name, "image": "i", "resources": {"limits": limits}}


def pod(pick: random.Random, number: int) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [container(pick, f"c{each}") for each in range(pick.randint(1, 2))]}
    if pick.random() < 0.3:
        spec["initContainers"] = [
            container(pick, f"i{each}") | ({"restartPolicy": "Always"} if pick.random() < 0.5 else {})
            for each in range(pick.randint(1, 2))
        ]
    spec["tolerations"] = [toleration(pick) for _ in range(pick.randint(0, 3))]
    if pick.random() < 0.3:
        spec["nodeSelector"] = {"pool": pick.choice("abcd")}
    if pick.random() < 0.4:
        terms = [
            {"matchExpressions": [requirement(pick) for _ in range(pick.randint(1, 2))]}
            for _ in range(pick.randint(1, 2))
        ]
        required = {"nodeSelectorTerms": terms}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    return {"metadata": {"name": f"p{number:03}"}, "spec": spec}


def test_a_pod_is_scheduled_exactly_if_some_node_has_no_objection() -> None:
    pick = random.Random(SEED)  # noqa: S311 - a seed is wanted
    with Lab.open(live=True) as lab:
        lab.create_nodes(nodes(pick))
        connection = connect(str(lab.kubeconfig))
        outcomes = {"placed": 0, "pending": 0}
        for number in range(PODS):  # one after another, so that the resources in use are known
            before = node_states(connection.list("/api/v1/nodes"), connection.list("/api/v1/pods"))
            made = lab.request("POST", "/api/v1/namespaces/default/pods", pod(pick, number))
            [seen] = follow([{**made, "kind": "Pod"}], connection, 20, still=0)
            [found] = seen.pods
            against = {state.name: reasons(found["spec"], state) for state in before}
            where = found["spec"].get("nodeName")
            if where:
                assert against[where] == [], (SEED, found["spec"], against[where])
                outcomes["placed"] += 1
            else:
                assert verdict(found)
                free = [name for name, each in against.items() if not each]
                assert not free, (SEED, found["spec"], free, seen.spoken(found))
                outcomes["pending"] += 1
                lab.request(
                    "DELETE", f"/api/v1/namespaces/default/pods/{found['metadata']['name']}?gracePeriodSeconds=0"
                )
        connection.close()
    assert min(outcomes.values()) >= PODS // 6, outcomes
