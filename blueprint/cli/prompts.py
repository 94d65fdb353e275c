"""Ask a person at a terminal for what a first blueprint has to say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from blueprint.cli.choices import MOST_GPUS, MOST_NODES, Answers
from blueprint.cli.draft import Draft, PoolDraft

T = TypeVar("T")


class InputEnded(Exception):  # noqa: N818 - an outcome: the person left
    """There are no more answers (Ctrl-D)."""


def on_a_terminal() -> bool:
    """Whether there is somebody to ask. Questions go to stderr: stdout may be the file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_draft(answers: Answers, given: Draft) -> Draft:
    """Every question, with what is given already as the suggestion. Raises InputEnded."""
    _tell("Enter takes what stands in brackets; Ctrl-C stops, and nothing is written.")
    name = _ask("Name of the platform", given.name, answers.name)
    distribution = _ask(f"Distribution ({', '.join(answers.distributions)})", given.distribution, answers.distribution)
    suggested = answers.kubernetes_of(distribution, given.kubernetes)
    kubernetes = _ask("Kubernetes version", suggested, answers.kubernetes)
    _tell("Node pools, one after the other.")
    pools = [_pool(answers, [])]
    while _ask("Another pool? (y, n)", "n", _yes_or_no):
        pools.append(_pool(answers, [pool.name for pool in pools]))
    return Draft(name, given.release, kubernetes, distribution, tuple(pools), given.os)


def _pool(answers: Answers, taken: list[str]) -> PoolDraft:
    def unused(text: str) -> str:
        if text in taken:
            raise ValueError(f"there is a pool {text} already")
        return answers.name(text)

    name = _ask("Name of the pool", None if taken else "gpu", unused)
    product = _ask("GPU product, or none", None, lambda text: None if text == "none" else answers.product(text))
    count = _ask("GPUs per node", "8", lambda text: answers.number(text, 1, MOST_GPUS)) if product else 0
    nodes = _ask("Nodes", "1", lambda text: answers.number(text, 0, MOST_NODES))
    return PoolDraft(name, nodes, product, count)


def say_yes(question: str) -> bool:
    """Whether a person agrees; whoever says nothing does not."""
    try:
        return _ask(question, "n", _yes_or_no)
    except InputEnded:
        return False


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("y", "yes", "n", "no"):
        raise ValueError("answer y or n")
    return text.lower().startswith("y")


def _ask(question: str, default: str | None, check: Callable[[str], T]) -> T:
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
            _tell(f"  {error}")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
