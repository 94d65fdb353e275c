"""Write a first blueprint, with comments, after validating it.

On a terminal, and without --pool, the command asks questions. With --pool it does not ask: values without a flag have
defaults. An existing file is never overwritten. `--list` prints the possible choices.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from blueprint.cli.options import add_report
from blueprint.files import is_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blueprint.cli.choices import Choices
    from blueprint.cli.draft import Draft
    from blueprint.report.model import Run

T = TypeVar("T")
HELP = "write a first blueprint, with comments"
GROUP = "write"
STEP = 1
EXAMPLES = (
    "blueprint init",
    "blueprint init --pool train=H100-SXM5-80GBx8x4 --pool system=3",
    "blueprint init --list products",
)
DRAFT = "blueprint.yaml"
LISTS = ("products", "releases", "distributions")


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "-o", "--out", metavar="FILE", default="blueprint.yaml", help="output file (blueprint.yaml); - is stdout"
    )
    parser.add_argument("--name", metavar="NAME", help="name of the platform (gpu-platform)")
    parser.add_argument("--release", metavar="RELEASE", help="a set of component versions (the newest)")
    parser.add_argument(
        "--kubernetes",
        metavar="VERSION",
        help="Kubernetes version, 1.36 or 1.36.3 (the newest that the release supports)",
    )
    parser.add_argument("--distribution", metavar="NAME", help="Kubernetes distribution (vanilla)")
    parser.add_argument(
        "--gpu-stack", metavar="STACK", help="who runs the GPU stack: operator (the default) or standalone"
    )
    parser.add_argument("--allocation", metavar="WAY", help="how pods get GPUs: devicePlugin (the default) or dra")
    parser.add_argument(
        "--os", metavar="SYSTEM", help="operating system of the GPU nodes, ubuntu-24.04 (the distribution's default)"
    )
    parser.add_argument(
        "--pool",
        metavar="NAME=PRODUCTxCOUNTxNODES",
        action="append",
        default=[],
        help="a node pool: train=H100-SXM5-80GBx8x4 is four nodes of eight GPUs; system=3: three without (repeatable)",
    )
    parser.add_argument("--driver-branch", metavar="BRANCH", help="driver branch of all GPU pools (the release's)")
    parser.add_argument("--list", choices=LISTS, help="list the available values, and write nothing")
    add_report(parser)


def run(options: Namespace) -> Run:
    """List the choices, or draft, validate and write a blueprint."""
    from blueprint.cli.prompts import InputEnded
    from blueprint.cli.user_files import refuse_existing

    if options.list:
        return _list(options)
    if not is_stdout(options.out):
        refuse_existing(Path(options.out))
    try:
        draft = _draft(options)
    except InputEnded:
        sys.stderr.write("\n")
        raise _usage(["the input ended before all questions were answered; nothing was written"]) from None
    return _checked(draft, options.out)


def _list(options: Namespace) -> Run:
    from blueprint.report.model import Run

    lines = list(_listed(options.list))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    options.prints = True
    return Run("init", f"init --list {options.list}", verdict=f"{len(lines)} {options.list}")


def _listed(what: str) -> Iterator[str]:
    from blueprint.cli.choices import choices_for

    choices = choices_for(None)
    catalog = choices.catalog
    if what == "products":
        yield from catalog.products
    elif what == "releases":
        yield from (f"{name}  {record.title}" for name in catalog.releases if (record := catalog.release(name)))
    else:
        yield from (f"{name:<8}  {catalog.distribution(name).title}" for name in choices.distributions)


def _draft(options: Namespace) -> Draft:
    """The draft from flags and, on a terminal, answers. Raises Refused with all errors in the flags."""
    from blueprint.cli.draft import PoolDraft
    from blueprint.cli.prompts import on_a_terminal, prompt_for_draft
    from blueprint.records import replace

    interactive = not options.pool and on_a_terminal()
    problems: list[str] = []
    choices, draft = _flags(options, problems)
    if not options.pool and not interactive:
        problems.append("without a terminal, --pool is required")
    if problems or choices is None or draft is None:
        raise _usage(problems)

    def completed(draft: Draft) -> Draft:
        """The draft with a driver branch for every pool that needs one."""
        return _with_branches(choices, draft, options.driver_branch)

    if interactive:
        if wrong := _faults(completed(replace(draft, pools=(PoolDraft("system", 1),)))):
            raise _usage(wrong)  # no answer can correct the flags
        draft = prompt_for_draft(choices, draft, lambda so_far: _faults(completed(so_far)))
    return completed(draft)


def _with_branches(choices: Choices, draft: Draft, branch: str | None) -> Draft:
    """The draft with the driver branch of each pool."""
    from blueprint.records import replace

    system = choices.system(draft.os, draft.distribution)
    return replace(draft, pools=tuple(choices.with_branch(pool, branch, system) for pool in draft.pools))


def _faults(draft: Draft) -> list[str]:
    """Errors in a platform as far as it is described, each with a solution."""
    from blueprint.cli.draft import text_of
    from blueprint.diagnostics import Severity
    from blueprint.pipeline import compile_blueprint
    from blueprint.source.files import MemoryFiles

    text = text_of(draft, DRAFT)
    found = compile_blueprint(DRAFT, files=MemoryFiles({DRAFT: text})).diagnostics
    wrong = [each for each in found if each.severity is Severity.ERROR]
    return [f"{each.message}{f' ({each.help})' if each.help else ''}" for each in wrong]


def _flags(options: Namespace, problems: list[str]) -> tuple[Choices | None, Draft | None]:
    """The possible choices, and the draft from the flags; all errors are recorded."""
    from blueprint.cli.choices import choices_for
    from blueprint.cli.draft import Draft
    from blueprint.spec.cluster import VANILLA

    def checked(flag: str, text: str | None, check: Callable[[str], T]) -> T | None:
        """The result of `check` for a flag's text, or None; a ValueError is added to `problems` with the flag's
        name.
        """
        try:
            return None if text is None else check(text)
        except ValueError as error:
            problems.append(f"{flag}: {error}")
            return None

    choices = checked("--release", options.release or "", lambda name: choices_for(name or None))
    if choices is None:
        return None, None
    pools = tuple(filter(None, [checked("--pool", text, choices.pool) for text in options.pool]))
    names = [pool.name for pool in pools]
    problems += [f"--pool: two pools have the name {name}" for name in sorted({n for n in names if names.count(n) > 1})]
    checked("--driver-branch", options.driver_branch, choices.branch)
    distribution = checked("--distribution", options.distribution, choices.distribution) or VANILLA
    return choices, Draft(
        checked("--name", options.name, choices.name) or "gpu-platform",
        choices.release.release,
        checked("--kubernetes", options.kubernetes, choices.kubernetes) or choices.kubernetes_of(distribution),
        distribution,
        pools,
        checked("--os", options.os, choices.os),
        checked("--gpu-stack", options.gpu_stack, choices.gpu_stack),
        checked("--allocation", options.allocation, choices.allocation),
    )


def _usage(problems: list[str]) -> Exception:
    from blueprint.cli.choices import POOL_FORM
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.diagnostics.codes import USAGE

    pools = f"a pool is {POOL_FORM}; `blueprint init --list products` prints the products"
    found = (Diagnostic(USAGE, problem, help=pools if "--pool" in problem else None) for problem in problems)
    return Refused(*found, exit_code=2)


def _checked(draft: Draft, out: str) -> Run:
    """Compile the text, and write it only if it is valid. Reports refer to the file as if it existed."""
    from blueprint.cli.draft import text_of
    from blueprint.cli.options import compiled_run
    from blueprint.cli.user_files import keep_new
    from blueprint.pipeline import compile_blueprint
    from blueprint.records import replace
    from blueprint.source.files import MemoryFiles

    text = text_of(draft, "FILE" if is_stdout(out) else Path(out).name)
    checked = compiled_run("init", compile_blueprint(out, files=MemoryFiles({out: text})))
    checked = replace(checked, title=f"init {out}")
    if checked.exit_code:
        return replace(checked, verdict="Nothing was written: this platform would not be valid")
    if is_stdout(out):
        sys.stdout.write(text)
        return checked
    keep_new(Path(out), text.encode())
    return replace(checked, verdict=f"Wrote {out}. {checked.verdict}")
