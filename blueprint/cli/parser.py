"""Command-line parsers: help that fits the screen, and usage errors in the format of all other findings."""

from __future__ import annotations

import re
import shutil
import textwrap
from argparse import Action, ArgumentParser, HelpFormatter, Namespace, _SubParsersAction
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from blueprint.patterns import lazy_pattern

WIDEST = 100
NARROWEST = 40
_CHOICE = lazy_pattern(r"argument (?P<name>.+?): invalid choice: '?(?P<given>.*?)'? \(choose from (?P<known>.*)\)")
_REQUIRED = lazy_pattern(r"the following arguments are required: (?P<names>.*)")
_ARGUMENT = lazy_pattern(r"argument (?P<name>.+?): (?P<problem>.*)", re.DOTALL)


def screen_width() -> int:
    """The width of help text in columns: COLUMNS, or the terminal's width, up to a readable maximum."""
    return max(min(shutil.get_terminal_size().columns, WIDEST), NARROWEST)


def fill(text: str, first: str = "", rest: str = "") -> str:
    """A paragraph wrapped to the screen's width; `first` precedes its first line, `rest` the others."""
    return textwrap.fill(
        text, screen_width(), initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


class WrappedHelp(HelpFormatter):
    """Help in paragraphs wrapped to the screen's width; indented lines, which are examples, are not wrapped."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=min(26, screen_width() // 3), width=screen_width())

    def add_usage(
        self, usage: str | None, actions: Iterable[Action], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """Write one line with the required arguments. The options have their own section."""
        actions = list(actions)
        if usage is None:
            usage = " ".join(["%(prog)s", *self._usage_of(actions)])
        super().add_usage(usage, actions, groups, prefix)

    def _usage_of(self, actions: list[Action]) -> Iterator[str]:
        for action in actions:
            if action.required and action.option_strings:
                yield f"{action.option_strings[0]} {self._format_args(action, action.dest.upper())}"
        if any(action.option_strings and not action.required for action in actions):
            yield "[OPTIONS]"
        for action in actions:
            if not action.option_strings:
                yield self._format_args(action, action.dest.upper()).replace("%", "%%")

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(_paragraph(each, width, indent) for each in re.split(r"\n\s*\n", text.strip("\n")))


class CommandParser(ArgumentParser):
    """A parser that raises Refused (BP0002, exit code 2) instead of printing and exiting like argparse."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        keywords.setdefault("formatter_class", WrappedHelp)
        keywords["allow_abbrev"] = False
        super().__init__(*arguments, **keywords)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The parsed arguments. Raises Refused for unknown ones."""
        options, rest = self.parse_known_args(args, namespace)
        if rest:
            self._refuse(rest[0], options)
        return options

    def error(self, message: str) -> NoReturn:
        """Raise Refused with a readable message."""
        raise self._refused(*self._in_words(message))

    def flags(self) -> list[str]:
        """All flags of this parser and its subparsers."""
        found = [flag for action in self._actions for flag in action.option_strings]
        for action in self._actions:
            if isinstance(action, _SubParsersAction):
                found += [flag for below in action.choices.values() for flag in below.flags()]
        return sorted(set(found))

    def _refuse(self, argument: str, options: Namespace) -> NoReturn:
        verb = getattr(options, "verb", "")
        if not argument.startswith("-"):
            raise self._refused(f"{verb} does not accept the argument {argument}".strip(), verb=verb)
        flag = argument.partition("=")[0]
        if verb and flag in self.flags():
            raise self._refused(f"{flag} must come after the verb", f"write `blueprint {verb} {flag}`", verb=verb)
        raise self._refused(f"{verb or 'blueprint'} has no flag {flag}", self._nearest(flag, self.flags()), verb=verb)

    def _in_words(self, message: str) -> tuple[str, str]:
        """A readable form of an argparse message, and the nearest name for a misspelt one."""
        if found := _REQUIRED.fullmatch(message):
            return f"{self.prog.partition(' ')[2] or 'blueprint'} needs {found['names'].replace(', ', ' and ')}", ""
        if found := _CHOICE.fullmatch(message):
            known = [each.strip().strip("'") for each in found["known"].split(",")]
            near = self._nearest(found["given"], known) or f"use one of {', '.join(known)}"
            return f"{found['name']}: there is no {found['given']}", near
        if found := _ARGUMENT.fullmatch(message):
            problem = found["problem"].replace("expected one argument", "a value is needed")
            return f"{found['name']}: {problem.replace('with argument', 'with')}", ""
        return message, ""

    def _nearest(self, name: str, known: Iterable[str]) -> str:
        from blueprint.diagnostics import nearest

        near = nearest(name, known)
        return f"did you mean {near}?" if near else ""

    def _refused(self, message: str, help_: str = "", verb: str = "") -> Exception:
        from blueprint.diagnostics import Diagnostic, Refused
        from blueprint.diagnostics.codes import USAGE

        verb = verb or self.prog.partition(" ")[2]
        otherwise = f"see `blueprint help{f' {verb}' if verb else ''}`"
        return Refused(Diagnostic(USAGE, message, help=help_ or otherwise), exit_code=2)


def _paragraph(text: str, width: int, indent: str) -> str:
    """Wrapped text, except for indented lines, which are meant to be copied."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("  ") or not lines or lines[-1].startswith("  "):
            lines.append(line)
        else:
            lines[-1] += f" {line}"
    fill = textwrap.TextWrapper(
        width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(line if line.startswith("  ") else fill.fill(line) for line in lines)
