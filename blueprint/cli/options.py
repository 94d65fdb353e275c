"""Flags that several verbs share, and functions that turn them into a bundle."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.targets import NOT_GIVEN, any_target, open_target
from blueprint.cli.waiving import add_waivers, waivers_for
from blueprint.patterns import lazy_pattern

if TYPE_CHECKING:
    from blueprint.bundle.model import Bundle
    from blueprint.pipeline import Compilation, Valid
    from blueprint.report.model import Run


SCOPED = ("--force-conflicts", "--replace")
"""Flags that apply to everything, or to a named object: `--replace`, `--replace=KIND/NAMESPACE/NAME`."""


_OBJECT = lazy_pattern(r"[A-Z][A-Za-z0-9]*/\S+")


def split_scopes(arguments: Sequence[str]) -> list[str]:
    """The arguments with `=` appended to each flag in SCOPED without a value, so that the TARGET after it is not taken
    as its value.
    """
    split: list[str] = []
    for argument in arguments:
        if split and split[-1] in SCOPED:
            if _OBJECT.fullmatch(argument) and not Path(argument).exists():
                split[-1] += f"={argument}"
                continue
            split[-1] += "="
        split.append(argument)
    if split and split[-1] in SCOPED:
        split[-1] += "="
    return split


def add_scoped(parser: ArgumentParser, flag: str, field: str, help_text: str) -> None:
    """Add a flag in SCOPED. Its value is the list of names, with an empty string for everything."""
    parser.add_argument(
        flag, metavar=f"KIND/[NAMESPACE/]NAME{field}", action="append", nargs="?", const="", default=[], help=help_text
    )


def add_target(
    parser: ArgumentParser,
    what: str = "a blueprint or its folder, REVISION:PATH, - for standard input, or a bundle's folder",
    resolve: Callable[[str], str] = any_target,
    *,
    optional: bool = True,
) -> None:
    """Add TARGET, and the flags for overlays, which apply only to a blueprint."""
    if optional:
        parser.add_argument(
            "target", metavar="TARGET", nargs="?", default=NOT_GIVEN, type=resolve, help=f"{what} (blueprint.yaml)"
        )
    else:
        parser.add_argument("target", metavar="TARGET", type=resolve, help=what)
    add_overlays(parser)
    add_waivers(parser)


def add_overlays(parser: ArgumentParser) -> None:
    """Add --overlay and --set."""
    parser.add_argument(
        "--overlay", metavar="FILE", action="append", default=[], help="merge this overlay last (repeatable)"
    )
    parser.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="set one value, after all overlays (repeatable)",
    )


def add_report(parser: ArgumentParser) -> None:
    """Add --report FORMAT[=PATH], which may be repeated, the verbosity, and what makes a run fail."""
    output = parser.add_argument_group("report")
    output.add_argument(
        "--report",
        metavar="FORMAT[=PATH]",
        action="append",
        default=[],
        help="text (default), concise, json, sarif, junit, github, gitlab, markdown or html; repeatable",
    )
    output.add_argument(
        "--fail-on",
        choices=["error", "warning", "note"],
        help="the lowest severity that exits 1 (error); output files are written regardless",
    )
    verbosity = output.add_mutually_exclusive_group()
    verbosity.add_argument("-v", "--verbose", action="store_true", help="text: show every finding in full")
    verbosity.add_argument(
        "-q", "--quiet", action="store_true", help="text: no output without findings, and no progress"
    )
    output.add_argument("--color", choices=["auto", "always", "never"], help="text: colour (auto: on a terminal)")


def add_timeout(parser: ArgumentParser, help_text: str) -> None:
    """Add --timeout: `60s`, `5m`, `1h30m`, or seconds; the option is a number of seconds."""
    parser.add_argument("--timeout", metavar="DURATION", type=duration, default=60.0, help=f"{help_text} (60s)")


def duration(text: str) -> float:
    """A duration in seconds, in kubectl's format. Raises ArgumentTypeError."""
    from blueprint.units import duration_seconds

    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text, re.ASCII):
        return float(text)
    try:
        return float(duration_seconds(text))
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a duration; write 60s, 5m or 1h30m") from None


def add_connection(parser: ArgumentParser) -> None:
    """Add the flags that select a cluster."""
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: $KUBECONFIG, then ~/.kube/config")
    parser.add_argument("--context", metavar="NAME", help="a context of the kubeconfig")
    add_timeout(parser, "timeout for one response or condition")


def compile_target(options: Namespace) -> Compilation:
    """Compile the blueprint in TARGET, without writing anything. Stores its waivers in the options."""
    from blueprint.cli.rules import rule_policy
    from blueprint.pipeline import compile_blueprint

    files, target = open_target(options.target)
    compilation = compile_blueprint(
        target,
        files=files,
        overlays=options.overlay,
        sets=options.set,
        policy=rule_policy(options, options.target),
        waivers=waivers_for(options, options.target),
    )
    options.compiled_waivers = compilation.waivers
    return compilation


def load_bundle(options: Namespace) -> Bundle:
    """The bundle in TARGET, or the one compiled from its blueprint. Raises Refused."""
    if not Path(options.target).is_dir():
        return compile_target(options).valid_bundle()
    refuse_overlays(options)
    from blueprint.bundle.reader import read_bundle

    return read_bundle(Path(options.target))


def refuse_overlays(options: Namespace) -> None:
    """Raise Refused if flags that need a blueprint are used with a bundle."""
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import USAGE

    if options.overlay or options.set:
        message = "--overlay and --set need a blueprint; a bundle is already compiled"
        raise Refused(Diagnostic(USAGE, message), exit_code=2)


def compiled_run(verb: str, compilation: Compilation) -> Run:
    """The findings of a compilation as a run; exit code 1 if it has no bundle."""
    from blueprint.cli.rules import skipped_rules
    from blueprint.report.model import Coverage, Run

    valid = compilation.valid
    if valid is None:
        verdict = "Not valid: nothing was written" if verb == "compile" else "Not valid"
        coverage: tuple[Coverage, ...] = ()
    else:
        counts = {"object": valid.objects, "pool": valid.platform.pools, "expectation": valid.expectations}
        verdict = "Valid: " + ", ".join(
            f"{len(each)} {name}{'' if len(each) == 1 else 's'}" for name, each in counts.items()
        )
        coverage = (Coverage("objects", len(valid.objects)),)
    return Run(
        verb,
        f"{verb} {compilation.target}",
        diagnostics=compilation.diagnostics,
        coverage=coverage,
        subject=_BundleSubject(valid) if valid else {},
        verdict=verdict,
        exit_code=compilation.exit_code,
        texts=compilation.layered.texts,
        skipped_rules=skipped_rules(compilation.rules),
    )


class _BundleSubject(Mapping[str, str]):
    """The identity of a bundle. The bundle is created only if a report contains its digest."""

    def __init__(self, valid: Valid) -> None:
        self._valid = valid

    def __getitem__(self, key: str) -> str:
        if key == "digest":
            return self._valid.made[0].digest
        return {"blueprint": self._valid.platform.name, "version": self._valid.platform.version}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("blueprint", "version", "digest"))

    def __len__(self) -> int:
        return 3
