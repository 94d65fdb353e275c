"""Check offline whether workloads fit a platform: on which pools, how many at once, or why not.

FILE is a manifest, a folder of manifests, or - for standard input.

The command checks pods, in whatever object they are described, device claims and claim templates. It uses the labels
and taints of nodes, the resources that device plugins offer, and the devices that the DRA driver will publish. Other
running workloads are ignored. In the namespace of a tenant, the tenant's quota counts as well: for how many pods it
is enough, from whom quota would be borrowed, and what its queue never admits. All pod sets of a workload (JobSet, Ray,
LeaderWorkerSet, MPIJob) count together there. The result is a table on stdout, and one line for each pod set on stderr
(-v: in full).

Exit code 0: everything fits; 1: something does not; 3: something is unknown.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_overlays, add_report, compile_target
from blueprint.cli.targets import blueprint_target
from blueprint.cli.waiving import add_waivers
from blueprint.patterns import lazy_pattern
from blueprint.report.model import Coverage, Run

if TYPE_CHECKING:
    from blueprint.admission.model import WorkloadAnswer
    from blueprint.lint.inputs import Inputs
    from blueprint.platform.model import Platform

HELP = "check whether workloads fit the platform, and show why not"
GROUP = "manifests"
STEP = 2
EXAMPLES = (
    "blueprint admit job.yaml",
    "blueprint admit platform/blueprint.yaml jobs/",
    "blueprint admit blueprint.yaml job.yaml --tenant research",
    "helm template my-model charts/model | blueprint admit -",
    "blueprint admit blueprint.yaml claims.yaml --report json",
)
_BLUEPRINT = lazy_pattern(r"^kind:\s*Blueprint\b", re.MULTILINE)
_USUAL = "blueprint.yaml"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.usage = "%(prog)s [OPTIONS] [BLUEPRINT] FILE..."
    parser.add_argument(
        "paths",
        metavar="FILE",
        nargs="+",
        help="manifests or folders of manifests; the blueprint comes first if it is not blueprint.yaml",
    )
    parser.add_argument("--tenant", metavar="NAME", help="tenant whose quota the workloads use (by their namespaces)")
    add_overlays(parser)
    add_waivers(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile the platform, read the manifests, and check each workload against the pools."""
    from blueprint.admission.workloads import Admission
    from blueprint.lint.inputs import STDIN, read_inputs
    from blueprint.report import destinations
    from blueprint.rule_facts.resolved import ResolvedFacts

    first, *rest = options.paths
    given = bool(rest) and _is_blueprint(first)
    options.target, files = (blueprint_target(first), rest) if given else (_USUAL, options.paths)
    options.prints = all(each.path for each in destinations(options.report))
    inputs = read_inputs(files, sys.stdin.buffer.read() if STDIN in files else None)
    compilation = compile_target(options)
    bundle, platform = compilation.valid_bundle(), compilation.platform
    if platform is None:
        raise LookupError("a valid bundle without a platform")
    _check_tenant(platform, options.tenant)
    admission = Admission(platform, ResolvedFacts(platform), bundle.objects, options.tenant)
    results = list(admission.results(inputs.objects))
    if options.prints:
        from blueprint.admission.findings import table
        from blueprint.cli.parser import screen_width

        width = screen_width() if sys.stdout.isatty() else None
        sys.stdout.writelines(f"{line}\n" for line in table(results, width) if results)
        options.in_brief = bool(results)
    return _as_run(options, inputs, results)


def _check_tenant(platform: Platform, name: str | None) -> None:
    """Raise Refused if the tenant does not exist."""
    from blueprint.admission import codes
    from blueprint.diagnostics import Diagnostic, Refused, known_names

    users = [tenant.name for tenant in platform.tenants.users]
    if name is not None and name not in users:
        what = "is a group" if platform.tenants.find(name) else "is not there"
        raise Refused(
            Diagnostic(codes.UNKNOWN_TENANT, f"tenant {name} {what}", help=known_names(name, sorted(users))),
            exit_code=2,
        )


def _is_blueprint(path: str) -> bool:
    """Whether a path refers to a blueprint: the file, or its folder."""
    file = Path(path) / _USUAL if Path(path).is_dir() else Path(path)
    try:
        return bool(_BLUEPRINT.search(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        return ":" in path and path.endswith((".yaml", ".yml"))  # REVISION:PATH


def _as_run(options: Namespace, inputs: Inputs, results: list[WorkloadAnswer]) -> Run:
    from blueprint.admission import codes
    from blueprint.admission.findings import by_workload, diagnostics
    from blueprint.admission.model import Fit
    from blueprint.diagnostics import Diagnostic, has_errors
    from blueprint.wording import counted

    found = [*inputs.problems, *diagnostics(results)]
    if not results and not has_errors(found):
        found.append(Diagnostic(codes.NOTHING_TO_ADMIT, "no object in the files requests a device"))
    fits = [{answer.fit for answer in sets} for sets in by_workload(results)]
    number, unknown = fits.count({Fit.FITS}), sum(Fit.UNKNOWN in each and Fit.NO not in each for each in fits)
    verdict = f"{number} of {counted(len(fits), 'workload')} fit" + (f", {unknown} not known" if unknown else "")
    return Run(
        "admit",
        f"admit {' '.join(options.paths)}",
        diagnostics=tuple(found),
        coverage=(Coverage("workloads", len(fits), unknown, "see the findings" if unknown else ""),),
        verdict=verdict,
        exit_code=1 if has_errors(found) else 3 if unknown else 0,
        texts=inputs.texts,
    )
