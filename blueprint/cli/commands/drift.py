"""Check whether the cluster, and the GPUs in its nodes, still match the blueprint.

The command only reads (`get`, `list`); suspected differences are confirmed by a dry run unless --no-dry-run is set.
Every difference shows the field, its writer and the time, and the blueprint line that it contradicts. Exit codes: 0 as
declared, 1 drift, 3 nothing found but something could not be examined, 2 nothing could be examined.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_target, load_bundle
from blueprint.records import replace

if TYPE_CHECKING:
    from blueprint.bundle.model import Bundle
    from blueprint.diagnostics import Diagnostic
    from blueprint.drift.view import View
    from blueprint.report.model import Run

HELP = "compare the cluster and its GPUs with the declared state"
GROUP = "cluster"
STEP = 3
EXAMPLES = (
    "blueprint drift --context prod-eu",
    "blueprint drift --readings readings/ --max-age 24h",
    "blueprint drift --snapshot snapshot.json --report html=drift.html",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add TARGET and the scope."""
    add_target(parser)
    parser.add_argument(
        "--scope",
        metavar="LIST",
        help="objects, derived, nodes, or several separated by commas (default: objects, derived where pods claim GPUs,"
        " and nodes with --readings)",
    )
    parser.add_argument(
        "--readings", metavar="DIR", type=Path, help="folder with readings of the nodes' GPUs, one file per node"
    )
    parser.add_argument("--max-age", metavar="DURATION", help="maximum age of a reading (720h)")
    parser.add_argument(
        "--snapshot", metavar="FILE", type=Path, help="a snapshot to compare with, instead of a cluster"
    )
    parser.add_argument(
        "--no-dry-run", action="store_true", help="send no dry-run requests, not even to confirm a difference"
    )
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Read, compare, report."""
    from blueprint.cli.evidence import comparison_subject, utc_now
    from blueprint.drift.detect import as_run, detect_drift

    started = utc_now()
    declared = _scopes(options)
    bundle = load_bundle(options)
    scopes = declared or _usual_scopes(options, bundle)
    view = _view(options, bundle, scopes)
    report = detect_drift(
        bundle,
        view,
        scopes=scopes,
        readings=options.readings,
        dry_run=not options.no_dry_run,
        oldest=_max_age(options),
    )
    where = view.cluster if view else "readings only"
    title = f"Drift of {bundle.name} {bundle.version} against {where}".replace("  ", " ")
    run = as_run(report, title)
    return replace(
        run,
        texts=bundle.texts,
        diagnostics=tuple(_aimed(run.diagnostics, options)),
        subject={**comparison_subject(options, bundle, view, started), **run.subject},
    )


def _aimed(found: Iterable[Diagnostic], options: argparse.Namespace) -> Iterator[Diagnostic]:
    """The findings with commands that repeat the target and the connection of this run."""
    from blueprint.drift.commands import aimed

    target = [
        options.target,
        *(f"--overlay={each}" for each in options.overlay),
        *(f"--set={each}" for each in options.set),
    ]
    given = {"kubeconfig": options.kubeconfig, "context": options.context}
    cluster = [f"--{name}={value}" for name, value in given.items() if value]
    return (aimed(each, target, cluster) if each.commands else each for each in found)


def _max_age(options: argparse.Namespace) -> timedelta | None:
    """The maximum age of a reading: `720h`, `90m`, `30s`; None if not given."""
    if options.max_age is None:
        return None
    if not options.readings:
        raise _usage("--max-age needs --readings")
    if not (match := re.fullmatch(r"([1-9]\d{0,8})([hms])", options.max_age, re.ASCII)):
        raise _usage(
            f"--max-age {options.max_age!r} is not a duration", "specify hours, minutes or seconds: 24h, 90m, 30s"
        )
    return timedelta(seconds=int(match[1]) * {"h": 3600, "m": 60, "s": 1}[match[2]])


def _usual_scopes(options: argparse.Namespace, bundle: Bundle) -> tuple[str, ...]:
    """The default scopes: everything that can be examined."""
    from blueprint.drift.scopes import DERIVED, NODES, OBJECTS

    derived = (DERIVED.name,) if any(pool.published for pool in bundle.pools) else ()
    return (OBJECTS.name, *derived, *((NODES.name,) if options.readings else ()))


def _scopes(options: argparse.Namespace) -> tuple[str, ...]:
    """The scopes in --scope; empty if it is not given."""
    from blueprint.drift.scopes import NODES, SCOPES

    if options.scope is None:
        return ()
    scopes = tuple(part.strip() for part in options.scope.split(",") if part.strip())
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise _usage(f"there is no scope {unknown[0]!r}", f"use {', '.join(SCOPES)}")
    if not scopes:
        raise _usage("--scope is empty", f"scopes: {', '.join(SCOPES)}")
    if NODES.name in scopes and not options.readings:
        raise _usage("scope nodes needs readings of the nodes", "specify their folder with --readings DIR")
    if options.readings and NODES.name not in scopes:
        raise _usage("--readings needs scope nodes, which --scope does not include")
    return scopes


def _view(options: argparse.Namespace, bundle: Bundle, scopes: tuple[str, ...]) -> View | None:
    """The snapshot, or the cluster. None if only readings are checked, if that is unambiguous."""
    from blueprint.diagnostics import Refused
    from blueprint.drift.scopes import DERIVED, OBJECTS
    from blueprint.drift.view import open_cluster

    if options.snapshot:
        from blueprint.drift.snapshot import read_snapshot

        if options.kubeconfig or options.context:
            raise _usage("--snapshot and a kubeconfig are mutually exclusive")
        return read_snapshot(options.snapshot)
    try:
        return open_cluster(bundle, options.kubeconfig, options.context, options.timeout)
    except Refused:
        if {OBJECTS.name, DERIVED.name} & set(scopes) or options.kubeconfig or options.context:
            raise
        return None


def _usage(message: str, help_: str | None = None) -> Exception:
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import USAGE

    return Refused(Diagnostic(USAGE, message, help=help_), exit_code=2)
