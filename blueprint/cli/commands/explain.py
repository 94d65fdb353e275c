"""Explain a code, a field of the blueprint, a component, a GPU product, an instance type or a topic, offline.

Other words are searched for: `blueprint explain mig` lists everything related to MIG. Without TOPIC, everything that
can be explained is listed. With --blueprint, the topic queueing is explained for that platform: which pool and tenant
uses which engine, and what matters for the declared configuration. Long text is shown through $PAGER (less) on a
terminal.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from blueprint.cli.options import add_overlays, add_report
from blueprint.cli.targets import blueprint_target

if TYPE_CHECKING:
    from blueprint.report import Run

HELP = "explain a code, a field, a component, hardware or a topic"
GROUP = "write"
STEP = 4
EXAMPLES = (
    "blueprint explain",
    "blueprint explain BP3101",
    "blueprint explain spec.nodePools.train.gpu",
    "blueprint explain h100",
    "blueprint explain queueing --blueprint blueprint.yaml",
)


def configure(parser: ArgumentParser) -> None:
    """Add TOPIC."""
    examples = "BP1001, duplicate-key, spec.nodePools.train.gpu.product, nfd, H100-SXM5-80GB, exit-codes, ..."
    parser.add_argument("topic", metavar="TOPIC", nargs="*", help=f"{examples} or search words")
    parser.add_argument(
        "--blueprint",
        metavar="FILE",
        type=blueprint_target,
        help="explain the topic for this blueprint or its folder, if it depends on the blueprint",
    )
    add_overlays(parser)
    parser.add_argument("--no-pager", action="store_true", help="print long text on a terminal without a pager")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Print the explanation, or the search results; exit code 2 if there are none."""
    from blueprint.report import Run
    from blueprint.report.topics import explain, search

    topic = " ".join(options.topic)
    if options.blueprint:
        return _for_platform(options, topic)
    text = (explain(topic) or _verb(topic) or search(topic)) if options.topic else _listing()
    if text is None:
        return _unknown(topic)
    _print(text, pager=not options.no_pager)
    options.prints = True
    return Run("explain", f"explain {topic}".strip(), verdict="Explained")


def _verb(topic: str) -> str | None:
    """The purpose of a verb, and where its options are documented; None for other words."""
    from blueprint.cli.main import verbs

    if topic not in verbs():
        return None
    from importlib import import_module

    about = import_module(f"blueprint.cli.commands.{topic}").__doc__ or ""
    return f"# {topic}\n\n{about.strip()}\n\n`blueprint help {topic}` shows its options and examples."


def _for_platform(options: Namespace, topic: str) -> Run:
    """Explain the topic for a blueprint; exit code 1 if the blueprint is invalid, 2 if the topic does not depend on
    one.
    """
    from blueprint.cli.targets import open_target
    from blueprint.diagnostics import Diagnostic, Refused, has_errors
    from blueprint.diagnostics.codes import USAGE
    from blueprint.pipeline import compile_blueprint
    from blueprint.render.topics import platform_topic, platform_topics
    from blueprint.report import Run

    if topic not in platform_topics():
        known = ", ".join(platform_topics())
        message = f"--blueprint has no effect on {topic or 'the list of topics'}; topics that use it: {known}"
        raise Refused(Diagnostic(USAGE, message), exit_code=2)
    files, target = open_target(options.blueprint)
    found = compile_blueprint(target, files=files, overlays=options.overlay, sets=options.set)
    title = f"explain {topic} for {target}"
    if found.platform is None or has_errors(found.diagnostics):
        return Run("explain", title, tuple(found.diagnostics), verdict="Not valid", exit_code=1)
    _print(platform_topic(topic, found.platform), pager=not options.no_pager)
    options.prints = True
    return Run("explain", title, verdict="Explained")


def _listing() -> str:
    from blueprint.report.topics import topics

    groups = ((f"# {group[0].upper()}{group[1:]}", names) for group, names in topics().items())
    parts = [f"{title}\n\n" + "\n".join(f"- {name}" for name in names) for title, names in groups]
    return "\n\n".join(parts)


def _unknown(topic: str) -> Run:
    from blueprint.diagnostics import Diagnostic
    from blueprint.report import Run
    from blueprint.report.codes import TOPIC_UNKNOWN
    from blueprint.report.topics import nearest_topic

    near = nearest_topic(topic)
    suggestion = f"did you mean {near}? " if near else ""
    found = Diagnostic(
        TOPIC_UNKNOWN,
        f"there is no topic {topic or '(empty)'}",
        help=f"{suggestion}`blueprint explain` lists all topics",
    )
    return Run("explain", "", (found,), exit_code=2)


def _print(markdown: str, *, pager: bool) -> None:
    import os

    from blueprint.cli.pager import show
    from blueprint.report.context import speaks_unicode, width_of
    from blueprint.report.escaping import in_ascii
    from blueprint.report.markdown import to_terminal

    text = to_terminal(markdown, min(width_of(sys.stdout, os.environ), 100))
    show((text if speaks_unicode(sys.stdout) else in_ascii(text)) + "\n", pager=pager)
