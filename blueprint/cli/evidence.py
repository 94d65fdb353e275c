"""Metadata of a drift report, so that it can serve as evidence later: what was compared, when, and by whom."""

from __future__ import annotations

import getpass
import socket
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint._version import __version__

if TYPE_CHECKING:
    from blueprint.bundle.model import Bundle
    from blueprint.drift.view import View


def utc_now() -> str:
    """The current time in UTC, in seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def comparison_subject(options: Namespace, bundle: Bundle, view: View | None, started: str) -> dict[str, str]:
    """The facts about a comparison, by name; unknown ones are omitted.

    `by` is the account and the machine that ran the comparison. The report is not signed, and states so.
    """
    facts = {
        "blueprint": f"{bundle.name} {bundle.version}".strip(),
        "release": bundle.release,
        "revision": _revision(options.target),
        "bundle": bundle.digest or "",
        **(view.cluster.subject() if view else {}),
        "taken": view.taken if view else "",
        "snapshot": view.digest if view else "",
        "compared": f"{started} to {utc_now()}",
        "tool": f"blueprint {__version__}",
        "by": _account(),
        "signature": "none",
    }
    return {name: fact for name, fact in facts.items() if fact}


def _revision(target: str) -> str:
    """The commit that contains the target, and whether its folder differs from it; empty without a repository."""
    if target == "-":
        return ""
    if ":" in target and not Path(target).exists():
        return target.partition(":")[0]
    from blueprint.source.revision import commit_of

    return commit_of(Path(target))


def _account() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
