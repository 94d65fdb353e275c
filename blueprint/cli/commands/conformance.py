"""Report, with evidence, which items of a CNCF Kubernetes AI Conformance checklist the platform shows, and what is
missing.

Without --live only the rendered objects are examined; with it also the APIs and objects of the API server. Evidence is
not proof: each item lists the test run that proves it. No item is reported as passed or implemented.

Exit code 3: an item is unknown, or something could not be examined; 0: each item has evidence.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from blueprint.cli.options import add_connection, add_report, add_target, load_bundle

if TYPE_CHECKING:
    from blueprint.conformance.checklists import LiveEvidence
    from blueprint.conformance.judge import Look
    from blueprint.report.model import Run

HELP = "show the platform's evidence for the AI conformance checklists"
GROUP = "manifests"
STEP = 5
EXAMPLES = (
    "blueprint conformance --version 1.36",
    "blueprint conformance --live --format yaml > PRODUCT.yaml",
)
VERSIONS = ("1.34", "1.35", "1.36", "1.37")
_FORMATS = ("table", "yaml", "json", "junit")
_FEW = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add TARGET, the checklist, the format, and whether to query a cluster."""
    add_target(parser)
    parser.add_argument(
        "--version", choices=VERSIONS, help="Kubernetes minor version of the checklist (the platform's)"
    )
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        default="table",
        help="table, yaml (a draft of PRODUCT.yaml), json or junit; on stdout",
    )
    parser.add_argument("--live", action="store_true", help="also examine the cluster of the kubeconfig")
    add_connection(parser)
    add_report(parser)


def run(options: argparse.Namespace) -> Run:
    """Check the bundle, and with --live a cluster, against the checklist; write the result to stdout."""
    from blueprint.conformance.formats import FORMATS, in_words
    from blueprint.conformance.judge import Standing, findings
    from blueprint.report.model import Coverage, Run

    bundle = load_bundle(options)
    version = options.version or _nearest(bundle.kubernetes)
    found = findings(bundle, version, _look(options) if options.live else None)
    sys.stdout.write(FORMATS[options.format](bundle, version, found))
    options.prints = True
    unknown = sum(each.standing is Standing.UNKNOWN or bool(each.unseen) for each in found)
    reason = "no evidence in what was examined" if unknown else ""
    return Run(
        "conformance",
        f"conformance {version} of {bundle.name}",
        coverage=(Coverage("items", len(found), unknown, reason),),
        verdict=in_words(found),
        exit_code=3 if unknown else 0,
    )


def _nearest(kubernetes: str) -> str:
    """The checklist for the platform's minor version, or the nearest one."""
    minor = int(kubernetes.split(".")[1])
    return min(VERSIONS, key=lambda each: abs(int(each.partition(".")[2]) - minor))


def _look(options: argparse.Namespace) -> Look:
    """A function that reports whether a cluster serves an API version and has objects of a kind. Raises Refused if no
    cluster responds.
    """
    from blueprint.apiserver.connect import connect
    from blueprint.apiserver.discovery import discover
    from blueprint.apiserver.errors import ApiError
    from blueprint.conformance.judge import NotReadable

    connection = connect(options.kubeconfig, options.context, options.timeout)
    discovery = discover(connection)

    def look(evidence: LiveEvidence) -> str | None:
        """The evidence in the cluster for an item, in words; None if there is none. Raises NotReadable."""
        if evidence.api in discovery.stale:
            raise NotReadable("its server does not respond")
        if evidence.api not in {api_version for api_version, _ in discovery.resources}:
            return None
        if evidence.kind is None:
            return f"{evidence.api} is served"
        resource = discovery.find(evidence.api, evidence.kind)
        if resource is None:
            return None
        try:
            names = [str(each["metadata"]["name"]) for each in connection.list(resource.collection())]
        except ApiError as error:
            raise NotReadable(error.message) from None
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        return f"{evidence.kind} {', '.join(names[:_FEW])}{more}" if names else None

    return look
