"""Common parts of `blueprint probe` and the zip application: the flags, and how they become a reading."""

from __future__ import annotations

import datetime as dt
import json
import math
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.diagnostics.codes import USAGE
from blueprint.probe import codes
from blueprint.probe.collect import CALL_SECONDS, collect
from blueprint.probe.output import STDOUT, check_target, is_stdout, write_file
from blueprint.probe.reading import Reading
from blueprint.probe.reading_file import is_node_name, read_reading
from blueprint.probe.redaction import redact

_COULD_NOT_START = 2
_CLOCKS = dt.timedelta(minutes=5)
"""The tolerated clock difference."""
_MAX_CALL_SECONDS = 600.0


def add_options(parser: ArgumentParser) -> None:
    """Add the flags of a probe."""
    parser.add_argument("-o", "--out", metavar="READING.json", help="output file of the reading; - is stdout")
    parser.add_argument("--node", metavar="NAME", help="name of this node in Kubernetes (the host name)")
    parser.add_argument("--reading", metavar="FILE", help="a recorded reading to check, instead of this machine")
    parser.add_argument("--expect", metavar="BUNDLE", help="a bundle, or its expectations.json alone")
    parser.add_argument("--pool", metavar="NAME", help="the node pool whose expectations this node must meet")
    parser.add_argument("--library", metavar="PATH", help="path of the NVML library (the loader's choice)")
    parser.add_argument(
        "--call-timeout", metavar="SECONDS", type=float, help=f"timeout for one NVML call ({CALL_SECONDS:g})"
    )
    parser.add_argument(
        "--root", metavar="FOLDER", help="root of the node's file system; in a pod, its mount point (/)"
    )
    parser.add_argument("--sysfs", metavar="FOLDER", help="mount point of sysfs (/sys under the root)")
    parser.add_argument("--redact", action="store_true", help="hash UUIDs, serial numbers, GUIDs and MACs")


def check_options(options: Namespace) -> None:
    """Reject flags that contradict each other or have no effect."""
    live = {"--node": options.node, "--library": options.library, "--call-timeout": options.call_timeout}
    live |= {"--sysfs": options.sysfs, "--root": options.root}
    given = [flag for flag, value in live.items() if value is not None]
    if options.reading and given:
        _refuse(f"{given[0]} concerns this machine, but --reading checks a recorded one")
    if bool(options.expect) != bool(options.pool):
        _refuse("--expect and --pool require each other: what is expected depends on the node's pool")
    if options.out and is_stdout(options.out):
        options.out = STDOUT
    if options.out and options.out != STDOUT:
        check_target(Path(options.out))  # before spending time on a sweep
    if options.out == STDOUT and options.expect:
        _refuse("-o - would write the reading to stdout, like the verdict; specify a file with -o")
    seconds = options.call_timeout
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= _MAX_CALL_SECONDS):
        _refuse(f"--call-timeout must be above 0 and at most {_MAX_CALL_SECONDS:g} seconds, not {seconds:g}")
    if options.node is not None and not is_node_name(options.node):
        _refuse(f"--node {options.node!r} is not a node name")


def take_reading(options: Namespace, now: dt.datetime) -> Reading:
    """The requested reading: of this machine, or from a file. Written to `--out` if that is a file."""
    reading = read_reading(Path(options.reading)) if options.reading else _collected(options, now)
    reading = redact(reading) if options.redact else reading
    if options.out and options.out != STDOUT:
        write_file(Path(options.out), document(reading).encode())
    return reading


def age(reading: Reading, now: dt.datetime) -> str:
    """The age of a recorded reading in words: `8 days old`; "" if it is less than a day old."""
    since = now - reading.taken
    if since < -_CLOCKS:
        return "in the future: a clock is wrong, so the reading proves nothing"
    return (
        f"{since.days} day{'' if since.days == 1 else 's'} old: it shows the state at that time"
        if since.days > 0
        else ""
    )


def remark_on_age(reading: Reading, now: dt.datetime) -> None:
    """Print the age where it does not interfere with a report."""
    if (hint := age(reading, now)) and sys.stderr:
        sys.stderr.write(f"the reading of {reading.node}, {reading.time}, is {hint}\n")


def document(reading: Reading) -> str:
    """The reading as the text of its file: one call or path per line, so that two readings can be compared easily."""
    fields = reading.to_json()
    calls, host = fields.pop("calls"), fields.pop("host", None)
    head = json.dumps(fields, indent=2).removesuffix("\n}")
    if host:
        records = _lines(host["answers"], "    ")
        head += f',\n  "host": {{\n    "root": {json.dumps(host["root"])},\n    "answers": {records}\n  }}'
    return f'{head},\n  "calls": {_lines(calls, "  ")}\n}}\n'


def _lines(items: Sequence[Any], indent: str) -> str:
    """A JSON list with one item per line."""
    rows = ",\n".join(f"{indent}  {json.dumps(item)}" for item in items)
    return f"[\n{rows}\n{indent}]" if rows else "[]"


def check_pool(pool: str, known: Iterable[str], where: str) -> None:
    """Reject a pool that is not among the known ones, with a suggestion."""
    pools = sorted(set(known))
    if pool in pools:
        return
    similar = nearest(pool, pools)
    hint = f"did you mean {similar}?" if similar else f"pools with expectations: {', '.join(pools) or 'none'}"
    unknown = Diagnostic(codes.POOL_UNKNOWN, f"{where} has no node pool {pool!r}", help=hint)
    raise Refused(unknown, exit_code=_COULD_NOT_START)


def _collected(options: Namespace, now: dt.datetime) -> Reading:
    node = options.node or socket.gethostname()
    if not is_node_name(node):
        _refuse(f"the name of this machine, {node!r}, is not a node name: specify --node")
    return collect(
        node,
        now,
        library=Path(options.library) if options.library else None,
        call_seconds=CALL_SECONDS if options.call_timeout is None else options.call_timeout,
        sysfs=Path(options.sysfs) if options.sysfs else None,
        root=Path(options.root or "/"),
    )


def _refuse(message: str) -> None:
    raise Refused(Diagnostic(USAGE, message), exit_code=_COULD_NOT_START)
