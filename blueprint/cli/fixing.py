"""`--fix`: applies the edits that findings suggest to the user's files, and reports each of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from blueprint.cli.targets import STDIN
from blueprint.cli.user_files import replace_whole
from blueprint.diagnostics import Diagnostic, Fix, Refused, Span
from blueprint.diagnostics.codes import FIXED, USAGE
from blueprint.patterns import lazy_pattern
from blueprint.records import replace
from blueprint.report.context import Context
from blueprint.report.model import Run
from blueprint.report.repository_paths import RepositoryPaths
from blueprint.source.files import DiskFiles, read_text
from blueprint.wording import counted, joined

_MOST_PASSES = 10
"""The maximum number of passes. An edit can enable the next finding, and two that undo each other would never end."""
_LINE = lazy_pattern(r".*?(?:\r\n|\r|\n|\Z)", re.DOTALL)


def refuse_stdin(targets: Iterable[str]) -> None:
    """Raise Refused if there is no file to write corrections to."""
    if STDIN in targets:
        raise Refused(Diagnostic(USAGE, "--fix needs files: standard input cannot be corrected"), exit_code=2)


def fixed(check: Callable[[], Run]) -> Run:
    """Check, apply the suggested edits, and check again until no more can be applied.

    Only files of the repository are edited, each as a whole; overlapping edits wait for the next pass.
    """
    applied: list[Diagnostic] = []
    run = check()
    paths = RepositoryPaths(Context(base=Path.cwd()))
    for _ in range(_MOST_PASSES):
        made = [note for file, found in _by_file(run.diagnostics, paths).items() for note in _edited(file, found)]
        if not made:
            break
        applied += made
        run = check()
    if not applied:
        return run
    files = joined(sorted({str(note.at.file) for note in applied if note.at}), "and")
    verdict = f"{run.verdict}; {counted(len(applied), 'finding')} fixed in {files}".removeprefix("; ")
    return replace(run, diagnostics=(*run.diagnostics, *applied), verdict=verdict)


def _by_file(found: Iterable[Diagnostic], paths: RepositoryPaths) -> dict[str, list[Diagnostic]]:
    """The findings with an edit, by file. Edits outside of the repository are omitted."""
    by_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in found:
        if each.fix and paths.of(each.fix.at.file) and Path(each.fix.at.file).is_file():
            by_file[each.fix.at.file].append(each)
    return by_file


def _edited(file: str, found: list[Diagnostic]) -> list[Diagnostic]:
    """Edit one file, and return notes about the edits. Raises Refused."""
    content = Path(file).read_bytes()
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    text = read_text(DiskFiles(), file)
    starts = _line_starts(text)
    edits: dict[Fix, Diagnostic] = {}
    for each in found:
        if each.fix and _stands_in(each.fix.at, starts):
            edits.setdefault(each.fix, each)
    chosen: list[tuple[int, int, Fix, Diagnostic]] = []
    for fix, each in sorted(edits.items(), key=lambda pair: (pair[0].at, pair[0].replacement)):
        start, end = _offset(starts, fix.at.line, fix.at.column), _offset(starts, fix.at.end_line, fix.at.end_column)
        if (not chosen or start >= chosen[-1][1]) and text[start:end] != fix.replacement:
            chosen.append((start, end, fix, each))
    if not chosen:
        return []
    new = text
    for start, end, fix, _ in reversed(chosen):
        new = new[:start] + fix.replacement + new[end:]
    replace_whole(Path(file), mark + new.encode())
    return [_note(text[start:end], fix, each) for start, end, fix, each in chosen]


def _note(was: str, fix: Fix, finding: Diagnostic) -> Diagnostic:
    change = (
        f"{_shown(was)} was replaced by {_shown(fix.replacement)}"
        if fix.replacement.strip()
        else f"{_shown(was)} was removed"
    )
    if not was.strip():
        change = f"{_shown(fix.replacement)} was added"
    evidence = (("finding", f"{finding.code.id} {finding.message}"),)
    return Diagnostic(FIXED, f"fixed {finding.code.slug}: {change}", at=fix.at.head, evidence=evidence)


def _shown(text: str) -> str:
    return " ".join(text.split())


def _line_starts(text: str) -> list[int]:
    """The offset of each line, as counted by spans, and of the end of the text."""
    return [match.start() for match in _LINE.finditer(text)]


def _stands_in(span: Span, starts: list[int]) -> bool:
    return 1 <= span.line <= span.end_line <= len(starts)


def _offset(starts: list[int], line: int, column: int) -> int:
    return starts[line - 1] + column - 1
