"""Convert a blueprint or an overlay to another version of the blueprint language.

Only the affected lines are modified; comments stay. Without --out the text goes to stdout; --out FILE may be the file
itself. A file that already has the version stays byte-identical. Conversion to an earlier version is not possible.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.files import is_stdout, write_stdout

if TYPE_CHECKING:
    from blueprint.report.model import Run

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
    parser.add_argument(
        "--to", metavar="VERSION", help="target version, v1alpha2 or the complete apiVersion (the newest)"
    )
    parser.add_argument("-o", "--out", metavar="FILE", default="-", help="output file (stdout); may be FILE itself")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Convert, then print or write."""
    from blueprint.report.model import Run
    from blueprint.source.files import DiskFiles, read_text
    from blueprint.spec import versions
    from blueprint.spec.conversion import converted_in_place

    version = versions.version_named(options.to, versions.LANGUAGE, "--to")
    file = Path(options.file)
    text = read_text(DiskFiles(), options.file)
    mark = BOM if file.read_bytes().startswith(BOM) else b""
    new = mark + converted_in_place(text, options.file, version, versions.LANGUAGE).encode()
    if is_stdout(options.out):
        write_stdout(new)
    else:
        _write(Path(options.out), new, file)
    name = "what was printed" if is_stdout(options.out) else options.out
    verdict = f"Converted {name} to {version}" + (": nothing had to change" if new == mark + text.encode() else "")
    return Run("convert", f"convert {options.file} to {version}", verdict=verdict)


def _write(out: Path, content: bytes, source: Path) -> None:
    from blueprint.cli.user_files import keep_new, replace_whole

    if out.exists() and source.exists() and out.samefile(source):
        replace_whole(out, content)
    else:
        keep_new(out, content)
