"""The secrets of one lab, as files in its private folder."""

from __future__ import annotations

from pathlib import Path

from blueprint.lab.certificates import KeyPair, make_authority, make_client, make_server, make_signing_key
from blueprint.lab.components import SCHEDULER_CONFIG
from blueprint.lab.kubeconfig import write_kubeconfig
from blueprint.source.yaml_writer import emit

ADMIN = "lab-admin"
AUTHORITY = "ca"


def make_secrets(folder: Path, lab: str, server: str) -> None:
    """Write the authority, the server's and the administrator's certificates, and their kubeconfig."""
    authority = make_authority()
    admin = make_client(authority, ADMIN, ["system:masters"])
    authority.write(folder, AUTHORITY)
    make_server(authority).write(folder, "server")
    admin.write(folder, "admin")
    (folder / "sa.key").write_bytes(make_signing_key())
    (folder / "scheduler.yaml").write_text(emit(SCHEDULER_CONFIG), "utf-8")
    write_kubeconfig(
        folder / "kubeconfig",
        lab=lab,
        server=server,
        authority=authority.certificate,
        user=ADMIN,
        credential=admin,
    )


def read_authority(folder: Path) -> KeyPair:
    """The authority, to sign another user's certificate with."""
    return KeyPair.read(folder, AUTHORITY)
