"""Kill -9 at any request, then apply again: the cluster converges and no object is forgotten."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from blueprint.inventory.membership import PART_OF, applyset_id
from blueprint.inventory.storage import read_inventory
from tests.support.bundles import apply, bundle, config_map, definition, deployment, namespace, widget

SCRIPT = """
    import os, signal, sys
    sys.path[:0] = [{tests!r}]
    from tests.support.bundles import *
    from blueprint.apiserver.connect import connect
    from blueprint.apiserver.connection import Connection
    left = {writes}
    real = Connection._send
    def deadly(self, method, url, data, headers, told):
        global left
        if method != "GET" and "dryRun" not in url:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        answer = real(self, method, url, data, headers, told)
        if method != "GET" and left == 0 and {after}:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    Connection._send = deadly
    name = {name!r}
    apply({wanted}, connect({kubeconfig!r}))
"""

WANTED = """bundle(name, namespace(name), definition(name + ".example.com"), config_map(name, a="1"),
                   deployment(name), widget(name + ".example.com"))"""


def run_until_killed(lab, name: str, writes: int, *, after: bool) -> None:
    script = textwrap.dedent(SCRIPT).format(
        tests=str(Path(__file__).parents[2]),
        writes=writes,
        after=after,
        name=name,
        wanted=WANTED,
        kubeconfig=str(lab.kubeconfig),
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("writes", [0, 1, 2, 4, 6])
def test_a_killed_apply_leaves_nothing_that_the_next_does_not_know(writes, after, lab, cluster, unique) -> None:
    """`writes` modifying requests succeed; the process is killed at the next one, or at its response."""
    run_until_killed(lab, unique, writes, after=after)

    inventory = read_inventory(cluster, unique)
    recorded = {member.id.kind for member in inventory.members.values()} if inventory else set()
    selector = f"{PART_OF}={applyset_id(unique)}"
    live = {
        item["kind"]
        for path in ("/api/v1/namespaces", "/api/v1/configmaps", "/apis/apps/v1/deployments")
        for item in cluster.list(path, selector)
    }
    assert live <= recorded, "something is in the cluster that the record does not know"

    group = f"{unique}.example.com"
    wanted = bundle(
        unique, namespace(unique), definition(group), config_map(unique, a="1"), deployment(unique), widget(group)
    )
    assert apply(wanted, cluster).exit_code == 0
    settled = apply(wanted, cluster)
    assert (settled.written, settled.unchanged, settled.exit_code) == (0, 5, 0)
    final = read_inventory(cluster, unique)
    assert final is not None
    assert all(member.snapshot for member in final.members.values())
