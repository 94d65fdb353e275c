"""The command line: finds the verb's module, runs it, writes its reports, exits with its code.

This module imports next to nothing, so that `--version` takes hardly longer than Python itself.
"""

from __future__ import annotations

import os
import sys

from blueprint._version import __version__

TYPE_CHECKING = False  # as typing has it, whose import takes as long as `--version` needs for all the rest
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import NoReturn

    from blueprint.report.model import Run

EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130
DESCRIPTION = "Compile, validate, apply and drift-check declarative GPU platforms on Kubernetes."


def entry() -> NoReturn:
    """The console script."""
    if sys.argv[1:] != ["--version"]:
        _end_gently()
    _end(main(sys.argv[1:]))


def _end_gently() -> None:
    """Let the signals that end a process interrupt it."""
    import signal

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, _stop)


def _end(code: int) -> NoReturn:
    """End the process without freeing its memory object by object, which would take a tenth of a compile."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more
        code = code or EXIT_INTERRUPTED
    os._exit(code)


def _stop(number: int, _frame: object) -> NoReturn:
    """End as Ctrl-C does: what is half done is undone, told or removed first. The second time nothing waits."""
    import signal

    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"blueprint {__version__}\n")
        return 0
    import gc

    gc.disable()  # one command, then the process ends: collecting would cost a quarter of it
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # what is valid must not depend on what is installed
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        overview().print_help(sys.stdout)
        return 0
    verb = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if verb and verb not in verbs():
        return _no_such_verb(verb)
    from blueprint.cli.options import split_scopes
    from blueprint.disk_cache import save_caches

    parser = build_parser(verb)
    try:
        options = parser.parse_args(split_scopes(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    code = _run_verb(options)
    save_caches()
    return code


def _run_verb(options: argparse.Namespace) -> int:
    """Run the verb and report its Run, or why it was refused."""
    from blueprint.cli.waiving import with_waivers
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import INTERNAL_ERROR
    from blueprint.report import destinations
    from blueprint.report.model import Run

    specs = getattr(options, "report", None) or ["text"]
    try:
        destinations(specs)
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
        help_ = "this is a bug of the tool; BLUEPRINT_DEBUG=1 prints the traceback"
        found = Diagnostic(INTERNAL_ERROR, f"{type(error).__name__}: {error}", help=help_)
        result = Run(options.verb, "", diagnostics=(found,), exit_code=EXIT_BUG)
    if not isinstance(result, Run):
        return int(result)
    beside = _gives_stdout_away(options)
    if beside and not getattr(options, "report", None) and not result.diagnostics and not result.exit_code:
        return 0  # the product is the answer; a report that was asked for is told all the same
    return _write_reports(result, specs, beside=beside, verbose=getattr(options, "verbose", False))


def _no_such_verb(verb: str) -> int:
    from blueprint.diagnostics import Diagnostic, nearest
    from blueprint.diagnostics.codes import USAGE
    from blueprint.report.model import Run

    near = nearest(verb, verbs())
    help_ = f"did you mean {near}?" if near else f"verbs: {', '.join(verbs())}"
    found = Diagnostic(USAGE, f"there is no verb {verb}", help=help_)
    return _write_reports(Run("", "", diagnostics=(found,), exit_code=EXIT_USAGE), ["text"], beside=True)


def _gives_stdout_away(options: argparse.Namespace) -> bool:
    """Whether stdout is for a product that somebody reads on: then the report is told on stderr."""
    from blueprint.files import is_stdout

    return getattr(options, "prints", False) or is_stdout(getattr(options, "out", None) or "")


def _write_reports(run: Run, specs: list[str], *, beside: bool = False, verbose: bool = False) -> int:
    from pathlib import Path

    from blueprint.diagnostics import Refused
    from blueprint.report import write_reports

    try:
        out = sys.stderr if beside else None
        write_reports(run, specs, stdout=out, base=Path.cwd(), verbose=verbose)
    except Refused as refused:
        write_reports(type(run)(run.verb, "", diagnostics=refused.diagnostics), ["text"], base=Path.cwd())
        return max(EXIT_USAGE, run.exit_code)
    return run.exit_code


def verbs() -> list[str]:
    """Every verb, by the name of its module."""
    import pkgutil

    from blueprint.cli import commands

    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def overview() -> argparse.ArgumentParser:
    """The parser that lists the verbs and knows nothing else of them: none is imported."""
    parser, subparsers = _parser()
    for verb in verbs():
        subparsers.add_parser(verb, help=_help_line(verb))
    return parser


def _help_line(verb: str) -> str:
    """The verb's `HELP`, read from its source."""
    import ast
    import pkgutil

    source = pkgutil.get_data("blueprint.cli.commands", f"{verb}.py") or b""
    line = next(line for line in source.decode().splitlines() if line.startswith("HELP = "))
    return str(ast.literal_eval(line.removeprefix("HELP = ")))


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of all verbs, or of one: importing the others would cost time for nothing."""
    import argparse
    import importlib

    parser, subparsers = _parser()
    known = verbs()
    for verb in [only] if only in known else known:
        module = importlib.import_module(f"blueprint.cli.commands.{verb}")
        sub = subparsers.add_parser(
            verb, help=module.HELP, description=(module.__doc__ or module.HELP).strip(), allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        module.configure(sub)
        sub.set_defaults(run=module.run, verb=verb)
    return parser


def _parser() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    """The parser without its verbs, and where they are added."""
    import argparse

    parser = argparse.ArgumentParser(prog="blueprint", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"blueprint {__version__}")
    return parser, parser.add_subparsers(title="verbs", metavar="VERB")


if __name__ == "__main__":
    entry()
