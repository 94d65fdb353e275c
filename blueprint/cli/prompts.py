"""Ask a person at a terminal for what a first blueprint has to say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from blueprint.cli.choices import MOST_GPUS, MOST_NODES, Choices
from blueprint.cli.draft import Draft, PoolDraft
from blueprint.records import replace

T = TypeVar("T")


class InputEnded(Exception):  # noqa: N818 - an outcome: the person left
    """There are no more answers (Ctrl-D)."""


def on_a_terminal() -> bool:
    """Whether there is somebody to ask. Questions go to stderr: stdout may be the file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def prompt_for_draft(choices: Choices, given: Draft, faults: Callable[[Draft], list[str]]) -> Draft:
    """Every question, with what is given already as the suggestion. Raises InputEnded.

    `faults` says what is wrong with a draft so far: the answers that led to it are asked for again.
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
    """The answers of one step, asked again while something is wrong with what they lead to."""
    while found := faults(draft := prompt()):
        for fault in found:
            _show(f"  {fault}")
    return draft


def _cluster(choices: Choices, draft: Draft) -> Draft:
    """Distribution and version; a pool without GPUs stands for those that come later."""
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
        """The name, if it is one and no other pool has it. Raises ValueError."""
        if text in taken:
            raise ValueError(f"there is a pool {text} already")
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
    """Ask until the answer is right."""
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
