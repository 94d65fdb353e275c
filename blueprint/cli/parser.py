"""Parsers of command lines: help that fits the screen, and usage errors that look like every other finding."""

from __future__ import annotations

import re
import shutil
import textwrap
from argparse import Action, ArgumentParser, HelpFormatter, Namespace, _SubParsersAction
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

WIDEST = 100
NARROWEST = 40
_CHOICE = re.compile(r"argument (?P<name>.+?): invalid choice: '?(?P<given>.*?)'? \(choose from (?P<known>.*)\)")
_REQUIRED = re.compile(r"the following arguments are required: (?P<names>.*)")
_ARGUMENT = re.compile(r"argument (?P<name>.+?): (?P<problem>.*)", re.DOTALL)


def screen_width() -> int:
    """Columns that help is written for: COLUMNS, else the terminal's; never more than can be read well."""
    return max(min(shutil.get_terminal_size().columns, WIDEST), NARROWEST)


def fill(text: str, first: str = "", rest: str = "") -> str:
    """A paragraph of the screen's width; `first` stands before its first line, `rest` before the others."""
    return textwrap.fill(
        text, screen_width(), initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


class WrappedHelp(HelpFormatter):
    """Help in paragraphs of the screen's width; indented lines, which are examples, stay as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=min(26, screen_width() // 3), width=screen_width())

    def add_usage(
        self, usage: str | None, actions: Iterable[Action], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """One line: what must be given. The options have a section of their own."""
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
    """A parser that raises Refused (BP0002, exit code 2) where argparse would print and exit."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        keywords.setdefault("formatter_class", WrappedHelp)
        keywords["allow_abbrev"] = False
        super().__init__(*arguments, **keywords)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """What the arguments say. Raises Refused for what nobody knows."""
        options, rest = self.parse_known_args(args, namespace)
        if rest:
            self._refuse(rest[0], options)
        return options

    def error(self, message: str) -> NoReturn:
        """Refuse, in the words of this tool."""
        raise self._refused(*self._in_words(message))

    def flags(self) -> list[str]:
        """Every flag of this parser and of those below it."""
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
            raise self._refused(
                f"{flag} comes before the verb that it belongs to", f"write `blueprint {verb} {flag}`", verb=verb
            )
        raise self._refused(f"{verb or 'blueprint'} has no flag {flag}", self._nearest(flag, self.flags()), verb=verb)

    def _in_words(self, message: str) -> tuple[str, str]:
        """A message of argparse in the words of this tool, and the nearest name where one is misspelt."""
        if found := _REQUIRED.fullmatch(message):
            return f"{self.prog.partition(' ')[2] or 'blueprint'} needs {found['names'].replace(', ', ' and ')}", ""
        if found := _CHOICE.fullmatch(message):
            known = [each.strip().strip("'") for each in found["known"].split(",")]
            near = self._nearest(found["given"], known) or f"one of {', '.join(known)}"
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
        otherwise = f"`blueprint help{f' {verb}' if verb else ''}` shows what there is"
        return Refused(Diagnostic(USAGE, message, help=help_ or otherwise), exit_code=2)


def _paragraph(text: str, width: int, indent: str) -> str:
    """Filled, except for lines that are indented: those are to be copied."""
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
