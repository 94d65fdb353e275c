"""Bring a blueprint or an overlay from an earlier version of the language to another one, in its own text.

Only what changes is touched; comments stay. Without --out the text goes to stdout; --out FILE may be the file itself.
A file that is of the version already comes out as it is, to the byte. There is no way back to an earlier version.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.files import is_stdout, write_stdout

if TYPE_CHECKING:
    from blueprint.report.model import Run
    from blueprint.spec.versions import Language

HELP = "convert a document to another version of the language"
GROUP = "write"
STEP = 5
EXAMPLES = (
    "blueprint convert blueprint.yaml",
    "blueprint convert blueprint.yaml -o blueprint.yaml",
)
BOM = b"\xef\xbb\xbf"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help="a blueprint or an overlay")
    parser.add_argument("--to", metavar="VERSION", help="v1alpha1, or the whole apiVersion (the newest)")
    parser.add_argument("-o", "--out", metavar="FILE", default="-", help="where it goes (stdout); may be FILE itself")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Convert, then print or write."""
    from blueprint.report.model import Run
    from blueprint.source.files import DiskFiles, read_text
    from blueprint.spec import versions
    from blueprint.spec.rewrite import converted

    version = _version(options.to, versions.LANGUAGE)
    file = Path(options.file)
    text = read_text(DiskFiles(), options.file)
    mark = BOM if file.read_bytes().startswith(BOM) else b""
    new = mark + converted(text, options.file, version, versions.LANGUAGE).encode()
    if is_stdout(options.out):
        write_stdout(new)
    else:
        _write(Path(options.out), new, file)
    name = "what was printed" if is_stdout(options.out) else options.out
    verdict = f"{name} is {version}" + (": nothing had to change" if new == mark + text.encode() else "")
    return Run("convert", f"convert {options.file} to {version}", verdict=verdict)


def _version(wanted: str | None, language: Language) -> str:
    """The whole apiVersion. Raises Refused, naming those known."""
    from blueprint.diagnostics import Diagnostic, Refused, nearest
    from blueprint.spec.codes import UNKNOWN_VERSION

    known = {version.rpartition("/")[2]: version for version in language.versions}
    if wanted is None:
        return language.current
    if found := known.get(wanted) or (wanted if wanted in language.versions else None):
        return found
    near = nearest(wanted, known)
    hint = f"; did you mean {near}?" if near else ""
    found_wrong = Diagnostic(
        UNKNOWN_VERSION, f"--to {wanted}: there is no such version{hint}", help=f"known: {', '.join(known)}"
    )
    raise Refused(found_wrong, exit_code=2)


def _write(out: Path, content: bytes, source: Path) -> None:
    from blueprint.cli.user_files import keep_new, replace_whole

    if out.exists() and source.exists() and out.samefile(source):
        replace_whole(out, content)
    else:
        keep_new(out, content)
