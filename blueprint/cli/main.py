"""The command line: finds the verb's module, runs it, writes its reports, exits with its exit code.

This module imports almost nothing, so that `--version` takes hardly longer than Python itself.
"""

from __future__ import annotations

import os
import sys

from blueprint._version import __version__

TYPE_CHECKING = False  # As in typing, whose import takes as long as everything else that `--version` needs.
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from types import ModuleType
    from typing import NoReturn

    from blueprint.cli.parser import CommandParser
    from blueprint.report.model import Run

EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130
DESCRIPTION = "Compile, validate, apply and drift-check declarative GPU platforms on Kubernetes."
GROUPS = {
    "write": "Write a blueprint",
    "review": "Inspect it, and preview what a change does",
    "manifests": "Manifests of any origin",
    "cluster": "Apply it to a cluster, and detect drift",
    "tool": "The tool itself",
}
"""The groups of verbs with their titles, in workflow order. Each verb declares its group, and its position in it."""
CLOSING = (
    "Start with `blueprint init`. `blueprint help VERB` shows the options and examples of a verb, "
    "`blueprint explain TOPIC` every field, code, product and exit code."
)


def entry() -> NoReturn:
    """The entry point of the console script."""
    if sys.argv[1:] != ["--version"]:
        _end_gently()
    _end(main(sys.argv[1:], then=_end))


def _end_gently() -> None:
    """Let terminating signals interrupt the process."""
    import signal

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, _stop)


def _end(code: int) -> NoReturn:
    """End the process without freeing its memory object by object, which would take a tenth of a compile."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader has closed the pipe
        code = code or EXIT_INTERRUPTED
    os._exit(code)


def _stop(number: int, _frame: object) -> NoReturn:
    """End like Ctrl-C: unfinished work is undone, reported or removed first. A second signal ends the process
    immediately.
    """
    import signal

    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def main(arguments: Sequence[str], then: Callable[[int], int] = int) -> int:
    """Run one command line and return its exit code.

    A verb hands it to `then` while its input and results still exist, so that ending the process needs not free them.
    """
    if list(arguments) in (["--version"], ["-V"]):
        sys.stdout.write(f"blueprint {__version__}\n")
        return 0
    import gc

    gc.disable()  # One command, then the process ends: garbage collection would take a quarter of the time.
    try:
        return _run(arguments, then)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED


def _run(arguments: Sequence[str], then: Callable[[int], int]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(overview())
        return 0
    from blueprint.diagnostics import Refused

    try:
        options = _parsed(arguments)
    except SystemExit as stop:  # --help
        return int(stop.code or 0)
    except Refused as refused:
        from blueprint.report.model import Run

        run = Run("", "", diagnostics=refused.diagnostics, exit_code=EXIT_USAGE)
        specs = _reports_in(arguments)
        return _write_reports(run, specs or ["text"], beside=not specs)
    from blueprint.disk_cache import save_caches

    code = _run_verb(options)
    save_caches()
    return then(code)


def _reports_in(arguments: Sequence[str]) -> list[str]:
    """The reports that an unparsable command line requests: a CI job that uploads one expects it."""
    from blueprint.diagnostics import Refused
    from blueprint.report import destinations

    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    specs = [
        after if each == "--report" else each.removeprefix("--report=") for each, after in pairs if _is_report(each)
    ]
    try:
        return specs if destinations(specs) else []
    except Refused:
        return []


def _is_report(argument: str) -> bool:
    return argument == "--report" or argument.startswith("--report=")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the verb, which is the first argument. Raises Refused."""
    from blueprint.cli.options import split_scopes

    verb = arguments[0] if not arguments[0].startswith("-") else None
    if verb and verb not in verbs():
        raise no_such_verb(verb)
    options: argparse.Namespace = build_parser(verb).parse_args(split_scopes(arguments))
    return options


def _run_verb(options: argparse.Namespace) -> int:
    """Run the verb and report its Run, or why it was refused."""
    from blueprint.cli.waiving import with_waivers
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import INTERNAL_ERROR
    from blueprint.report import destinations
    from blueprint.report.model import Run

    specs = getattr(options, "report", None) or ["text"]
    try:
        destinations(specs, options.verb)
    except Refused as refused:
        return _write_reports(Run(options.verb, "", diagnostics=refused.diagnostics, exit_code=EXIT_USAGE), ["text"])
    try:
        result = options.run(options)
        if isinstance(result, Run):
            result = with_waivers(result, options, refused=False)
    except Refused as refused:
        result = Run(options.verb, "", diagnostics=refused.diagnostics, exit_code=refused.exit_code)
        result = with_waivers(result, options, refused=True)
    except Exception as error:
        if os.environ.get("BLUEPRINT_DEBUG"):
            raise
        help_ = "this is a bug in the tool; BLUEPRINT_DEBUG=1 prints the traceback"
        found = Diagnostic(INTERNAL_ERROR, f"{type(error).__name__}: {error}", help=help_)
        result = Run(options.verb, "", diagnostics=(found,), exit_code=EXIT_BUG)
    if not isinstance(result, Run):
        return int(result)
    if fail_on := getattr(options, "fail_on", None):
        from blueprint.cli.severities import failing

        result = failing(result, fail_on)
    beside = _gives_stdout_away(options)
    quiet = beside and not getattr(options, "report", None)  # The output on stdout is the result.
    if (quiet or getattr(options, "quiet", False)) and not result.diagnostics and not result.exit_code:
        specs = [each for each in specs if each != "text"]
    color = {"always": True, "never": False}.get(getattr(options, "color", None) or "")
    specs = _in_brief(specs, options)
    code = _write_reports(result, specs, beside=beside, verbose=getattr(options, "verbose", False), color=color)
    if code == result.exit_code and not (beside or getattr(options, "quiet", False)):
        _name_files(result, specs)
    return code


def no_such_verb(verb: str) -> Exception:
    """The error for an unknown verb."""
    from blueprint.diagnostics import Diagnostic, Refused, nearest
    from blueprint.diagnostics.codes import USAGE

    near = nearest(verb, verbs())
    help_ = f"did you mean {near}?" if near else f"verbs: {', '.join(verbs())}"
    return Refused(Diagnostic(USAGE, f"there is no verb {verb}", help=help_), exit_code=EXIT_USAGE)


def _name_files(run: Run, specs: list[str]) -> None:
    """Print the verdict and the names of the report files, if every report goes to a file."""
    from blueprint.report import destinations
    from blueprint.report.escaping import visible
    from blueprint.report.record import counts_in_words, record_of

    paths = [each.path for each in destinations(specs)]
    if paths and all(paths):
        record = record_of(run)
        verdict = f"{counts_in_words(record)}. {record.verdict.removesuffix('.')}"
        line = f"blueprint {run.verb}: {verdict} ({', '.join(map(str, paths))})"
        sys.stderr.write(f"{visible(line)}\n")


def _in_brief(specs: list[str], options: argparse.Namespace) -> list[str]:
    """Use one line per finding if the output on stdout has the details."""
    brief = getattr(options, "in_brief", False) and not options.verbose
    return ["concise" if each == "text" and brief else each for each in specs]


def _gives_stdout_away(options: argparse.Namespace) -> bool:
    """Whether stdout is reserved for output that is processed further: then the report goes to stderr."""
    from blueprint.files import is_stdout

    return getattr(options, "prints", False) or is_stdout(getattr(options, "out", None) or "")


def _write_reports(
    run: Run, specs: list[str], *, beside: bool = False, verbose: bool = False, color: bool | None = None
) -> int:
    from pathlib import Path

    from blueprint.diagnostics import Refused
    from blueprint.report import write_reports

    try:
        out = sys.stderr if beside else None
        write_reports(run, specs, stdout=out, base=Path.cwd(), verbose=verbose, color=color)
    except Refused as refused:
        unwritten = type(run)(run.verb, "", diagnostics=refused.diagnostics, verdict="A report was not written")
        write_reports(unwritten, ["text"], base=Path.cwd())
        return max(EXIT_USAGE, run.exit_code)
    return run.exit_code


def verbs() -> list[str]:
    """All verbs, by the names of their modules."""
    import pkgutil

    from blueprint.cli import commands

    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def overview() -> str:
    """The output of `--help`: the verbs by group. No verb is imported."""
    from blueprint.cli.parser import fill

    about = {verb: _constants(verb) for verb in verbs()}
    about = dict(sorted(about.items(), key=lambda each: int(each[1]["STEP"])))
    lines = ["usage: blueprint VERB [OPTIONS] ...", "", fill(DESCRIPTION), ""]
    widest = max(map(len, about)) + 4
    for group, title in GROUPS.items():
        lines.append(f"{title}:")
        lines += [
            fill(facts["HELP"], first=f"  {verb}".ljust(widest), rest=" " * widest)
            for verb, facts in about.items()
            if facts["GROUP"] == group
        ]
        lines.append("")
    lines.append(fill(CLOSING))
    return "\n".join(lines) + "\n"


def _constants(verb: str) -> dict[str, str]:
    """The verb's `HELP`, `GROUP` and `STEP`, read from its source without importing it."""
    import ast
    import pkgutil

    source = pkgutil.get_data("blueprint.cli.commands", f"{verb}.py") or b""
    found = (
        line.partition(" = ")
        for line in source.decode().splitlines()
        if line.startswith(("HELP = ", "GROUP = ", "STEP = "))
    )
    return {name: str(ast.literal_eval(value)) for name, _, value in found}


def build_parser(only: str | None = None) -> CommandParser:
    """The parser for all verbs, or for one, which avoids importing the others."""
    import importlib

    from blueprint.cli.parser import CommandParser

    parser = CommandParser(prog="blueprint", description=DESCRIPTION)
    parser.add_argument("-V", "--version", action="version", version=f"blueprint {__version__}")
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    known = verbs()
    for verb in [only] if only in known else known:
        module = importlib.import_module(f"blueprint.cli.commands.{verb}")
        sub = subparsers.add_parser(
            verb, help=module.HELP, description=(module.__doc__ or module.HELP).strip(), epilog=_examples(module)
        )
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return parser


def _examples(module: ModuleType) -> str | None:
    lines = getattr(module, "EXAMPLES", ())
    return "\n".join(["examples:", *(f"  {line}" for line in lines)]) if lines else None


if __name__ == "__main__":
    entry()
