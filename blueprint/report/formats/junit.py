"""JUnit XML for CI dashboards.

Each finding is a test case: an error has failed, a warning or a note has passed with its text, a waived one is skipped.
Anything that could not be examined is skipped as well. The last case is the command itself: it fails, errs or is
skipped according to its exit code.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from blueprint.diagnostics import Diagnostic, Severity
from blueprint.patterns import lazy_pattern
from blueprint.report.context import Context
from blueprint.report.escaping import encodable, visible
from blueprint.report.model import Run
from blueprint.report.record import ReportContent, counts_in_words, coverage_in_words, record_of, waiver_in_words
from blueprint.report.suggestion import suggestion

_FINDINGS = 1
_UNKNOWN = 3
_NO_CHARACTERS = lazy_pattern("[\ufffe\uffff]")
"""Characters that XML 1.0 cannot represent and that have not been escaped before."""


def render(run: Run, context: Context) -> str:  # noqa: ARG001 - every format takes both
    """One test suite. It does not depend on the clock, so that the same run results in the same bytes."""
    record = record_of(run)
    cases = [*_cases(record), _verdict(record)]
    counts = {name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in _COUNTED.items()}
    suites = Element("testsuites", {"name": f"blueprint {run.verb}", "tests": str(len(cases)), **counts})
    suite = SubElement(suites, "testsuite", suites.attrib)
    suite.extend(cases)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _cases(record: ReportContent) -> Iterator[Element]:
    for finding in record.findings:
        diagnostic = finding.diagnostic
        case = _case(diagnostic)
        if diagnostic.severity is Severity.ERROR:
            _add(case, "failure", _text(diagnostic), message=diagnostic.message, type=diagnostic.code.id)
        else:
            _add(case, "system-out", _text(diagnostic))
        yield case
    for entry in record.waived:
        case = _case(entry.diagnostic)
        _add(case, "skipped", message=f"waived {waiver_in_words(entry.waiver)}")
        yield case
    for each in record.run.coverage:
        if each.unknown:
            reason = f": {each.reason}" if each.reason else ""
            yield _not_examined(each.scope, f"{each.unknown} not examined{reason}")
    yield from (_not_examined(scope, "not requested") for scope in record.run.out_of_scope)


def _not_examined(scope: str, why: str) -> Element:
    case = Element("testcase", classname="coverage", name=_shown(scope))
    _add(case, "skipped", message=why)
    return case


def _verdict(record: ReportContent) -> Element:
    """The command, which passes if its exit code is 0."""
    run = record.run
    case = Element("testcase", classname="verdict", name=_shown(run.title or run.verb))
    message = f"exit code {run.exit_code}: {record.verdict}"
    text = "\n".join([*coverage_in_words(run), f"{counts_in_words(record)}. {record.verdict}"])
    if run.exit_code == _UNKNOWN:
        _add(case, "skipped", message=message)
    elif run.exit_code:
        tag = "failure" if run.exit_code == _FINDINGS else "error"
        _add(case, tag, text, message=message, type=record.outcome)
        return case
    _add(case, "system-out", text)
    return case


def _case(diagnostic: Diagnostic) -> Element:
    at = diagnostic.at
    place = f" {at.line}:{at.column}" if at else ""
    case = Element(
        "testcase",
        classname=_shown(at.file if at else diagnostic.subject or "blueprint"),
        name=_shown(f"{diagnostic.code.id} {diagnostic.code.slug}{place}: {diagnostic.message}"),
    )
    if at:
        case.attrib |= {"file": _shown(at.file), "line": str(at.line)}
    return case


def _add(case: Element, tag: str, text: str = "", **attributes: str) -> None:
    child = SubElement(case, tag, {name: _shown(value) for name, value in attributes.items()})
    child.text = "\n".join(_shown(line) for line in text.split("\n")) or None


def _text(diagnostic: Diagnostic) -> str:
    lines = [f"{diagnostic.at}: {diagnostic.message}" if diagnostic.at else diagnostic.message]
    if diagnostic.subject:
        lines.append(" ".join(part for part in (diagnostic.subject, diagnostic.path) if part))
    lines += [f"{note.message} ({note.at})" if note.at else note.message for note in diagnostic.notes]
    lines += [f"{name}: {text}" for name, text in diagnostic.evidence]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    if diagnostic.fix:
        lines.append(suggestion(diagnostic.fix, diagnostic.at))
    return "\n".join(visible(line) for line in lines)


def _shown(text: str) -> str:
    return _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", encodable(visible(text)))
