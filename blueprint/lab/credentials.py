"""The secrets of one lab, as files in its private folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blueprint.lab.certificates import KeyPair, make_authority, make_client, make_server, make_signing_key
from blueprint.lab.components import SCHEDULER_KUBECONFIG, scheduler_config
from blueprint.lab.kubeconfig import write_kubeconfig
from blueprint.source.yaml_writer import emit

ADMIN = "lab-admin"
SCHEDULER = "system:kube-scheduler"
AUTHORITY = "ca"


def make_secrets(folder: Path, lab: str, server: str, stood_in: Sequence[str]) -> None:
    """Write the authority, the certificates of the server and of the administrator, and the kubeconfigs.

    `stood_in` are the schedulers that the Kubernetes scheduler replaces.
    """
    authority = make_authority()
    admin = make_client(authority, ADMIN, ["system:masters"])
    authority.write(folder, AUTHORITY)
    make_server(authority).write(folder, "server")
    admin.write(folder, "admin")
    (folder / "sa.key").write_bytes(make_signing_key())
    (folder / "scheduler.yaml").write_text(emit(scheduler_config(stood_in)), "utf-8")
    scheduler = make_client(authority, SCHEDULER, [])
    for file, user, credential in (("kubeconfig", ADMIN, admin), (SCHEDULER_KUBECONFIG, SCHEDULER, scheduler)):
        write_kubeconfig(
            folder / file,
            lab=lab,
            server=server,
            authority=authority.certificate,
            user=user,
            credential=credential,
        )


def read_authority(folder: Path) -> KeyPair:
    """The authority, for signing another user's certificate."""
    return KeyPair.read(folder, AUTHORITY)
