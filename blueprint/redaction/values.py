"""Hides the values of Secrets in reports.

A hidden value is replaced by a numbered token. Equal values in one report get the same number, so a reader sees *that*
values differ or agree. Unlike a hash, a number cannot be reversed by guessing, and it is the same in every run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from blueprint.diagnostics import Diagnostic, Note
from blueprint.redaction.secrets import MARKERS, Redacted, is_confidential, is_confidential_field, is_secret_subject

_OPEN_EVIDENCE = frozenset(
    {
        "action", "by", "cause", "class", "component", "field", "from", "layer", "manager", "node", "object",
        "operation", "owner", "reason", "scope", "since", "source", "station", "status", "subresource", "template",
        "time", "when", "writer",
    }
)  # fmt: skip
_OPEN_TEXTS = MARKERS | {"(absent)"}
_SHORTEST_REPLACED = 3


class Mask:
    """Replaces secret values by tokens; one per report, because numbers are assigned per report."""

    def __init__(self) -> None:
        self._tokens: dict[str, Redacted] = {}

    def value(self, path: tuple[str | int, ...], value: Any) -> Any:
        """The value at a path of a Secret, with tokens in place of secret values."""
        if isinstance(value, Mapping):
            return {key: self.value((*path, key), below) for key, below in value.items()}
        return self.token(value) if is_confidential(path) else value

    def diagnostic(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic with the secret values of its evidence hidden, including repetitions elsewhere."""
        if not is_secret_subject(diagnostic.subject or "") or not is_confidential_field(diagnostic.path or ""):
            return diagnostic
        secrets = [text for name, text in diagnostic.evidence if name not in _OPEN_EVIDENCE and text not in _OPEN_TEXTS]
        return self._without(diagnostic, {text: self.token(text) for text in secrets})

    def token(self, value: Any) -> Redacted:
        """The token for one value."""
        key = json.dumps(value, sort_keys=True, default=repr)
        return self._tokens.setdefault(key, Redacted(f"<secret {len(self._tokens) + 1}>"))

    def _without(self, diagnostic: Diagnostic, tokens: Mapping[str, Redacted]) -> Diagnostic:
        def clean(text: str) -> str:
            """The text with every secret of at least three characters replaced by its token, the longest first."""
            for secret in sorted(tokens, key=len, reverse=True):
                if len(secret.strip("\"' ")) >= _SHORTEST_REPLACED:
                    text = text.replace(secret.strip("\"' "), tokens[secret])
            return text

        return dataclasses.replace(
            diagnostic,
            message=clean(diagnostic.message),
            label=clean(diagnostic.label),
            help=None if diagnostic.help is None else clean(diagnostic.help),
            commands=tuple(clean(command) for command in diagnostic.commands),
            notes=tuple(Note(clean(note.message), note.at) for note in diagnostic.notes),
            evidence=tuple((name, tokens.get(text, text)) for name, text in diagnostic.evidence),
            fix=None,
            sides=None,
        )
