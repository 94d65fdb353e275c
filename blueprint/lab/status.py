"""The existing labs, the origin of binaries, and what is simulated in a lab."""

from __future__ import annotations

from pathlib import Path

from blueprint.diagnostics import Diagnostic
from blueprint.http import HttpError
from blueprint.lab import codes
from blueprint.lab.access import Lab, RequestFailed
from blueprint.lab.assets import find
from blueprint.lab.components import SIMULATED
from blueprint.lab.folder import LabRecord, Phase, labs_under, read_record
from blueprint.lab.pins import BINARIES
from blueprint.report.model import Run
from blueprint.wording import counted

NOT_REAL = (
    "nodes, and with --controllers that their pods become ready, complete and are deleted; no image is pulled, no "
    "container and no probe runs. Nothing here is evidence of health"
)
LEFT_OUT = (
    "kubelet, container runtime, device plugins and drivers, network, storage, operators and webhooks; without "
    "--controllers also scheduling, controllers and garbage collection (namespaces are never finally deleted; the "
    "admission plugin ServiceAccount is off)"
)


def status(root: Path, assets: Path | None = None) -> Run:
    """All labs under `root` and all binaries. Exit code 1 if a lab has died, 0 otherwise."""
    records = {folder: record for folder in labs_under(root) if (record := read_record(folder))}
    died = tuple(_died(record) for record in records.values() if record.phase in {Phase.FAILED, Phase.DEAD})
    subject = {f"lab {record.name}": _line(folder, record) for folder, record in records.items()}
    subject |= {f"binary {name}": _binary(name, assets) for name in BINARIES}
    subject |= {"simulated": NOT_REAL, "left out": LEFT_OUT}
    return Run(
        "lab status",
        f"labs under {root}",
        diagnostics=died,
        subject=subject,
        verdict=f"{counted(len(records) - len(died), 'lab')} up" + (f", {len(died)} died" if died else ""),
        exit_code=1 if died else 0,
    )


def _line(folder: Path, record: LabRecord) -> str:
    if record.phase is not Phase.DETACHED:
        return f"{record.phase}, {folder}"
    controllers = f"with{'' if record.controllers else 'out'} controllers"
    if record.controllers and not record.live:
        controllers += ", pods stay pending"
    pid = record.supervisor.partition(":")[0]
    return f"up, {record.server}, {_nodes(folder)}, {controllers}, pid {pid}, {folder / 'kubeconfig'}"


def _nodes(folder: Path) -> str:
    try:
        nodes = Lab(folder).request("GET", "/api/v1/nodes")["items"]
    except (RequestFailed, HttpError) as error:
        return f"nodes unknown ({error})"
    simulated = sum(node["metadata"].get("annotations", {}).get(SIMULATED) == "true" for node in nodes)
    return f"{counted(len(nodes), 'node')} ({simulated} simulated)"


def _binary(name: str, assets: Path | None) -> str:
    found = find(name, assets)
    return f"{found.version()}, from {found.place}: {found.path}" if found else "not found"


def _died(record: LabRecord) -> Diagnostic:
    headline, *log = record.message.splitlines() or ["its supervisor was killed"]
    return Diagnostic(
        codes.DIED,
        f"the lab {record.name} is no longer up: {headline}",
        help=f"remove it with `blueprint lab down --name {record.name}`",
        evidence=codes.log_lines(log),
    )
