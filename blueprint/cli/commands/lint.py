"""Check Kubernetes manifests of any origin: schemas, references, and common GPU mistakes. Nothing is written.

PATH is a file, a folder (searched for .yaml, .yml and .json), or - for standard input.

Exit code 0: no errors; 1: errors; 2: a path cannot be read; 3: something could not be examined.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.cli.rules import add_rules, rule_policy, skipped_rules
from blueprint.cli.waiving import add_waivers
from blueprint.records import replace
from blueprint.report.model import Coverage, Run

if TYPE_CHECKING:
    from blueprint.lint.inputs import Inputs
    from blueprint.lint.platform import RenderedPlatform
    from blueprint.lint.run import LintResult

HELP = "check Kubernetes manifests of any origin"
GROUP = "manifests"
STEP = 1
EXAMPLES = (
    "blueprint lint manifests/",
    "helm template gpu-operator nvidia/gpu-operator -n gpu-operator | blueprint lint -",
    "kubectl kustomize overlays/prod | blueprint lint - --complete",
    "blueprint lint manifests/ --since origin/main --report github",
    "blueprint lint jobs/ --blueprint platform/blueprint.yaml",
)


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file, a folder, or - for standard input")
    parser.add_argument(
        "--kubernetes", metavar="MINOR", help="Kubernetes version of the schemas (the newest, or the blueprint's)"
    )
    parser.add_argument("--blueprint", metavar="FILE", help="the blueprint of the platform that the manifests are for")
    parser.add_argument("--since", metavar="REV", help="report only findings in lines changed since this git revision")
    parser.add_argument(
        "--complete", action="store_true", help="treat the input as complete: a missing reference is an error"
    )
    parser.add_argument("--require-schemas", action="store_true", help="exit 3 if the kind of an object has no schema")
    parser.add_argument("--fix", action="store_true", help="apply suggested fixes to the files")
    add_rules(parser)
    add_waivers(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Check; with --fix, correct and check again."""
    if not options.fix:
        return _checked(options)
    from blueprint.cli.fixing import fixed, refuse_stdin
    from blueprint.cli.waiving import with_waivers

    refuse_stdin(options.paths)
    run = fixed(lambda: with_waivers(_checked(options), options, refused=False))
    options.waived = True
    return run


def _checked(options: Namespace) -> Run:
    """Read, check, and omit findings in unchanged files."""
    from blueprint.kubernetes.api import known_minors
    from blueprint.lint.inputs import STDIN, read_inputs
    from blueprint.lint.run import in_changed_lines, lint

    _refuse_contradictions(options, known_minors())
    options.target = next((path for path in options.paths if path != STDIN), "")
    policy = rule_policy(options, options.target or ".")
    inputs = read_inputs(options.paths, sys.stdin.buffer.read() if STDIN in options.paths else None)
    options.inputs = inputs  # They live as long as the process, which frees no memory when it ends.
    platform, minor = _platform(options)
    result = lint(
        inputs,
        kubernetes_minor=options.kubernetes or minor or known_minors()[-1],
        policy=policy,
        platform=platform,
        complete=options.complete,
    )
    if options.since:
        from blueprint.source.revision import changed_lines

        changed = changed_lines(options.since, list(inputs.texts), Path.cwd())
        result = replace(result, diagnostics=tuple(in_changed_lines(result.diagnostics, changed)))
    return _as_run(options, inputs, result)


def _refuse_contradictions(options: Namespace, minors: tuple[str, ...]) -> None:
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import USAGE

    if options.kubernetes and options.kubernetes not in minors:
        found = Diagnostic(USAGE, f"there is no schema for Kubernetes {options.kubernetes}", help=", ".join(minors))
        raise Refused(found, exit_code=2)
    if options.since and "-" in options.paths:
        raise Refused(Diagnostic(USAGE, "--since needs files: standard input has no revision"), exit_code=2)


def _platform(options: Namespace) -> tuple[RenderedPlatform | None, str | None]:
    """The platform of --blueprint, and its Kubernetes version. Raises Refused if it is invalid."""
    if not options.blueprint:
        return None, None
    from blueprint.lint.platform import RenderedPlatform
    from blueprint.pipeline import compile_blueprint

    compilation = compile_blueprint(options.blueprint, policy=rule_policy(Namespace(), options.blueprint))
    bundle, declared = compilation.valid_bundle(), compilation.declared
    if declared is None:
        return None, None
    return RenderedPlatform(declared, bundle.objects), declared.platform.cluster.kubernetes_minor


def _as_run(options: Namespace, inputs: Inputs, result: LintResult) -> Run:
    from blueprint.check.codes import RULE_FAILED
    from blueprint.diagnostics import Severity
    from blueprint.lint.codes import NOT_KUBERNETES, TEMPLATE_SKIPPED
    from blueprint.wording import counted, joined

    skipped = sum(each.code in (NOT_KUBERNETES, TEMPLATE_SKIPPED) for each in inputs.problems)
    unknown = sum(result.unknown_kinds.values())
    kinds = [f"{kind} ({count})" for kind, count in sorted(result.unknown_kinds.items())]
    coverage = [
        Coverage("files", len(inputs.texts)),
        Coverage("objects", result.objects, unknown, f"no schema for {joined(kinds, 'and')}" if kinds else ""),
    ]
    incomplete = result.rules.failed or bool(options.require_schemas and unknown)
    checked = counted(result.objects, "object")
    if result.malformed:
        checked += f"; no rules ran on {counted(result.malformed, 'malformed object')}"
    if skipped:
        checked += f"; {counted(skipped, 'file')} not checked"

    def assess(waived: Collection[int]) -> tuple[str, int]:
        """Verdict and exit code without the findings at these indices."""
        standing = (each for number, each in enumerate(result.diagnostics) if number not in waived)
        errors = [each.code for each in standing if each.severity is Severity.ERROR]
        real = any(code is not RULE_FAILED for code in errors)
        return f"{'Not valid' if errors else 'Valid'}: {checked}", 1 if real else 3 if incomplete else 0

    verdict, exit_code = assess(())
    return Run(
        "lint",
        f"lint {' '.join(options.paths)}",
        diagnostics=result.diagnostics,
        coverage=tuple(coverage),
        verdict=verdict,
        exit_code=exit_code,
        reassess=assess,
        texts=inputs.texts,
        skipped_rules=skipped_rules(result.rules),
    )
