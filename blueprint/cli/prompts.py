"""Prompts for the contents of a first blueprint on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from blueprint.cli.choices import MOST_GPUS, MOST_NODES, Choices
from blueprint.cli.draft import Draft, PoolDraft
from blueprint.records import replace

T = TypeVar("T")


class InputEnded(Exception):  # noqa: N818 - an outcome: the person left
    """The input has ended (Ctrl-D)."""


def on_a_terminal() -> bool:
    """Whether there is a user to prompt. Prompts go to stderr, because stdout may be the file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def prompt_for_draft(choices: Choices, given: Draft, faults: Callable[[Draft], list[str]]) -> Draft:
    """Ask all questions, with the given values as suggestions. Raises InputEnded.

    `faults` returns the errors in a draft so far; the answers that caused them are requested again.
    """
    _show("Enter accepts the value in brackets; Ctrl-C stops without writing anything.")
    name = _prompt("Name of the platform", given.name, choices.name)
    draft = _until_sound(lambda: _cluster(choices, replace(given, name=name)), faults)
    _show("Node pools, one after the other.")
    draft = _until_sound(lambda: _with_pool(choices, replace(draft, pools=())), faults)
    while _prompt("Another pool? (y, n)", "n", _yes_or_no):
        so_far = draft
        draft = _until_sound(lambda: _with_pool(choices, so_far), faults)  # noqa: B023 - asked at once
    return draft


def _until_sound(prompt: Callable[[], Draft], faults: Callable[[Draft], list[str]]) -> Draft:
    """The answers of one step, requested again until they are free of errors."""
    while found := faults(draft := prompt()):
        for fault in found:
            _show(f"  {fault}")
    return draft


def _cluster(choices: Choices, draft: Draft) -> Draft:
    """Ask for distribution and version. A pool without GPUs stands in for the pools defined later."""
    distribution = _prompt(
        f"Distribution ({', '.join(choices.distributions)})", draft.distribution, choices.distribution
    )
    suggested = choices.kubernetes_of(distribution, draft.kubernetes)
    kubernetes = _prompt("Kubernetes version", suggested, choices.kubernetes)
    return replace(draft, distribution=distribution, kubernetes=kubernetes, pools=(PoolDraft("system", 1),))


def _with_pool(choices: Choices, draft: Draft) -> Draft:
    return replace(draft, pools=(*draft.pools, _pool(choices, [pool.name for pool in draft.pools])))


def _pool(choices: Choices, taken: list[str]) -> PoolDraft:
    def unused(text: str) -> str:
        """The name, if it is valid and not used by another pool. Raises ValueError."""
        if text in taken:
            raise ValueError(f"the pool {text} already exists")
        return choices.name(text)

    name = _prompt("Name of the pool", None if taken else "gpu", unused)
    product = _prompt("GPU product, or none", None, lambda text: None if text == "none" else choices.product(text))
    count = _prompt("GPUs per node", "8", lambda text: choices.number(text, 1, MOST_GPUS)) if product else 0
    nodes = _prompt("Nodes", "1", lambda text: choices.number(text, 0, MOST_NODES))
    return PoolDraft(name, nodes, product, count)


def confirm(question: str) -> bool:
    """Whether the user agrees; an empty answer means no."""
    try:
        return _prompt(question, "n", _yes_or_no)
    except InputEnded:
        return False


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("y", "yes", "n", "no"):
        raise ValueError("answer y or n")
    return text.lower().startswith("y")


def _prompt(question: str, default: str | None, check: Callable[[str], T]) -> T:
    """Ask until the answer is valid."""
    while True:
        sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise InputEnded
        try:
            return check(line.strip() or default or "")
        except ValueError as error:
            _show(f"  {error}")


def _show(line: str) -> None:
    sys.stderr.write(f"{line}\n")
