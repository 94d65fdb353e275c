"""Why something failed, as the operating system says it."""

from __future__ import annotations


def system_words(error: BaseException) -> str:
    """The operating system's words for what lies under an error, without addresses of objects; else its type."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__
