"""Hide the values of Secrets in everything that is told.

A hidden value is replaced by a numbered token. Equal values of one report get the same number, so a reader
sees *that* values differ or agree; unlike a hash, a number cannot be guessed back, and it is the same on
every run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import ObjectId, Path
from blueprint.changes.compare import ABSENT, FieldChange, ObjectChange
from blueprint.diagnostics import Diagnostic, Note

_OPEN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable"})
_COPIES_THE_OBJECT = "kubectl.kubernetes.io/last-applied-configuration"
_OPEN_EVIDENCE = frozenset(
    {
        "action", "by", "cause", "class", "component", "field", "from", "layer", "manager", "node", "object",
        "operation", "owner", "reason", "scope", "since", "source", "station", "status", "subresource", "template",
        "time", "when", "writer",
    }
)  # fmt: skip
_OPEN_TEXTS = frozenset({"(absent)", "(hidden)", "(hidden, another one)"})
_SHORTEST_REPLACED = 3


class Hidden(str):
    """A token that stands for a secret value."""

    __slots__ = ()


class Mask:
    """Replaces secret values by tokens; one per report, because the numbers are the report's."""

    def __init__(self) -> None:
        self._tokens: dict[str, Hidden] = {}

    def change(self, change: ObjectChange) -> ObjectChange:
        """The change with its secret values hidden."""
        if not _is_secret(change.id):
            return change
        return dataclasses.replace(change, fields=tuple(self._field(field) for field in change.fields))

    def diagnostic(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic with the secret values of its evidence hidden, wherever else they are repeated."""
        kind = (diagnostic.subject or "").partition("/")[0]
        if kind != "Secret" or _is_open(diagnostic.path):
            return diagnostic
        secrets = [text for name, text in diagnostic.evidence if name not in _OPEN_EVIDENCE and text not in _OPEN_TEXTS]
        return self._without(diagnostic, {text: self.token(text) for text in secrets})

    def token(self, value: Any) -> Hidden:
        """The token of one value."""
        key = json.dumps(value, sort_keys=True, default=repr)
        return self._tokens.setdefault(key, Hidden(f"<secret {len(self._tokens) + 1}>"))

    def _field(self, field: FieldChange) -> FieldChange:
        before, after = self._value(field.path, field.before), self._value(field.path, field.after)
        return dataclasses.replace(field, before=before, after=after)

    def _value(self, path: Path, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._value((*path, key), below) for key, below in value.items()}
        secret = (path[:1] and path[0] not in _OPEN_FIELDS) or _COPIES_THE_OBJECT in path
        return self.token(value) if secret and value is not ABSENT else value

    def _without(self, diagnostic: Diagnostic, tokens: Mapping[str, Hidden]) -> Diagnostic:
        def clean(text: str) -> str:
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
        )


def _is_secret(identity: ObjectId) -> bool:
    return identity.kind == "Secret" and not identity.group


def _is_open(path: str | None) -> bool:
    if not path or _COPIES_THE_OBJECT in path:
        return False
    return path.replace("[", ".").split(".")[0] in _OPEN_FIELDS and path != "metadata.annotations"
