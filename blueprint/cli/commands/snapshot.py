"""Save the live state of a bundle's objects, and the nodes, to one file for `drift --snapshot`.

The file identifies the cluster and contains a digest of its content: `drift` rejects a modified file. It contains no
values of Secrets, only keyed hashes of them. It is written atomically; a name that ends in .gz creates a compressed
file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_target, load_bundle
from blueprint.files import write_whole

if TYPE_CHECKING:
    from blueprint.drift.snapshot import SnapshotView
    from blueprint.report.model import Run

HELP = "write the live state of a bundle's objects to a file"
GROUP = "cluster"
STEP = 4
EXAMPLES = ("blueprint snapshot -o snapshot.json.gz",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add TARGET and the file."""
    add_target(parser)
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help="output file")
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Read everything that `drift` would read, and save it."""
    from blueprint.drift.snapshot import take, to_bytes
    from blueprint.drift.view import Unseen, open_cluster
    from blueprint.report.model import Coverage, Run

    bundle = load_bundle(options)
    try:
        view = open_cluster(bundle, options.kubeconfig, options.context, options.timeout)
        snapshot = take(bundle, view)
    except Unseen as unseen:
        raise _refused(f"the record of what was applied cannot be read: {unseen}") from None
    _write(options.out, to_bytes(snapshot, compressed=options.out.suffix == ".gz"))
    unseen_nodes = 1 if snapshot.node_list is None else 0
    coverage: tuple[Coverage, ...] = (
        Coverage("objects", len(snapshot.live), len(snapshot.unseen), _reason(snapshot)),
        Coverage("nodes", len(snapshot.node_list or ()), unseen_nodes, snapshot.nodes_unseen),
    )
    if snapshot.slices is not None or snapshot.slices_unseen:
        unseen_slices = 1 if snapshot.slices is None else 0
        coverage += (Coverage("ResourceSlices", len(snapshot.slices or ()), unseen_slices, snapshot.slices_unseen),)
    incomplete = any(part.unknown for part in coverage)
    return Run(
        "snapshot",
        f"Snapshot of {bundle.name} {bundle.version} in {snapshot.cluster}",
        coverage=coverage,
        subject={
            "blueprint": f"{bundle.name} {bundle.version}",
            "bundle": snapshot.bundle,
            **snapshot.cluster.subject(),
            "taken": snapshot.taken,
            "file": str(options.out),
        },
        verdict=f"Wrote {options.out}" + (", which is incomplete." if incomplete else "."),
        exit_code=3 if incomplete else 0,
    )


def _reason(snapshot: SnapshotView) -> str:
    return "; ".join(sorted(set(snapshot.unseen.values()))[:3])


def _write(path: Path, content: bytes) -> None:
    """Write the file atomically, readable only by its owner: labels can be sensitive, too."""
    try:
        write_whole(path, content, mode=0o600)
    except OSError as error:
        raise _refused(f"{path} cannot be written: {error.strerror}") from None


def _refused(message: str) -> Exception:
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.drift.codes import SNAPSHOT_UNREADABLE

    return Refused(Diagnostic(SNAPSHOT_UNREADABLE, message), exit_code=2)
