"""Causes of errors, in the words of the operating system."""

from __future__ import annotations


def system_words(error: BaseException) -> str:
    """The operating system's message for the cause of an error, without addresses of objects, or else its type."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__
