"""Ask a person at a terminal for what a first blueprint has to say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from blueprint.cli.choices import MOST_GPUS, MOST_NODES, Choices
from blueprint.cli.draft import Draft, PoolDraft

T = TypeVar("T")


class InputEnded(Exception):  # noqa: N818 - an outcome: the person left
    """There are no more answers (Ctrl-D)."""


def on_a_terminal() -> bool:
    """Whether there is somebody to ask. Questions go to stderr: stdout may be the file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def prompt_for_draft(choices: Choices, given: Draft) -> Draft:
    """Every question, with what is given already as the suggestion. Raises InputEnded."""
    _show("Enter accepts the value in brackets; Ctrl-C stops without writing anything.")
    name = _prompt("Name of the platform", given.name, choices.name)
    distribution = _prompt(
        f"Distribution ({', '.join(choices.distributions)})", given.distribution, choices.distribution
    )
    suggested = choices.kubernetes_of(distribution, given.kubernetes)
    kubernetes = _prompt("Kubernetes version", suggested, choices.kubernetes)
    _show("Node pools, one after the other.")
    pools = [_pool(choices, [])]
    while _prompt("Another pool? (y, n)", "n", _yes_or_no):
        pools.append(_pool(choices, [pool.name for pool in pools]))
    return Draft(name, given.release, kubernetes, distribution, tuple(pools), given.os)


def _pool(choices: Choices, taken: list[str]) -> PoolDraft:
    def unused(text: str) -> str:
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
