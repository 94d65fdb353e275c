"""Values that another program replaces: the single definition of a placeholder."""

from __future__ import annotations

import re
from re import Match

from blueprint.patterns import lazy_pattern

_VARIABLE = r"\$\{[A-Za-z_]\w*[^{}]*\}|\$[A-Z_][A-Z0-9_]*\b"
"""The syntax of `envsubst` and Flux."""
_ANY = lazy_pattern(
    rf"{_VARIABLE}|\{{\{{.*?\}}\}}|\$\(\w+\.[\w.-]+\)|__[A-Z][A-Z0-9_]*__|<[A-Za-z][\w-]*>|\bYOUR_[A-Z0-9_]+"
    r"|\.\.\.$"
)
_WHOLE = lazy_pattern(
    r"""\$\( [\w.-]+ \)                                 # of Tekton, of kustomize
      | < [^<>]+ >                                       # <your-token>
      | ENC\[ [A-Z0-9_]+ , .* \]                          # of SOPS
      | (?: op:// | ref\+[a-z0-9]+:// | vault: ) \S+      # of 1Password, vals, Bank-Vaults
      | [\w-]{0,40} \.\.\.                                # the rest is left out
      | PLACEHOLDER (?: [_ -] [A-Z0-9_ -]* )? | placeholder
      | (?: INSERT | YOUR | MY ) _ [A-Z0-9_]+
      | (?i: base64 [-_ ] encoded [-_ ] [\w -]+ )
      | (?: FILLED | SET | GENERATED | INJECTED | PROVIDED | REPLACED ) [ _] BY [ _] [A-Z0-9_ -]+
      | (?i: change[-_]?me | replace[-_]?me | redacted | x{3,} | \*{3,} | your[-_ ] [\w -]+
        | (?: enter | insert | paste | put | replace ) [-_ ]? (?: this | with | your ) [\w -]* =* )
    """,
    re.VERBOSE,
)
"""A text that consists only of a placeholder. `$(NAME)` inside a text is not one: the kubelet replaces it."""


def find_variable(text: str) -> Match[str] | None:
    """The first `${NAME}` or `$NAME` in a text."""
    return re.search(_VARIABLE, text)


def holds_placeholder(text: str) -> bool:
    """Whether a value is not known yet, in part or as a whole."""
    return _ANY.search(text) is not None or is_placeholder(text)


def is_placeholder(text: str) -> bool:
    """Whether a value is only a placeholder; a credential that contains a `$` is not."""
    bare = text.strip("'\"")
    return _ANY.fullmatch(bare) is not None or _WHOLE.fullmatch(bare) is not None
