"""Clouds and distributions with their node images, and how to declare them in a blueprint."""

from __future__ import annotations

from pathlib import Path

from blueprint.source.layers import cloud_of, ready_made_overlays


def overlay_names() -> list[str]:
    """Their names, sorted."""
    return sorted(_files())


def overlay_about(name: str) -> str:
    """The comment at the start of an overlay, on one line."""
    lines = _files()[name].read_text(encoding="utf-8").splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:first])


def overlay_text(name: str) -> str | None:
    """An overlay in Markdown; None for other names."""
    file = _files().get(name)
    if file is None:
        return None
    about = overlay_about(name)
    cluster = "\n".join(f"    {key}: {value}" for key, value in cloud_of(name).items())
    earlier = f"Documents of v1alpha1 may also name it as an overlay, `extends: [{name}]`."
    return f"# {name}\n\n{about}\n\n```yaml\nspec:\n  cluster:\n{cluster}\n```\n\n{earlier}"


def _files() -> dict[str, Path]:
    return ready_made_overlays()
