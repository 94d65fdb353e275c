"""The overlays that come with the tool, as `extends` names them."""

from __future__ import annotations

from pathlib import Path

from blueprint.data import data_folder


def overlay_names() -> list[str]:
    """Their names, sorted."""
    return sorted(_files())


def overlay_about(name: str) -> str:
    """The comment that an overlay begins with, on one line."""
    lines = _files()[name].read_text(encoding="utf-8").splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:first])


def overlay_text(name: str) -> str | None:
    """An overlay in Markdown; None for other names."""
    file = _files().get(name)
    if file is None:
        return None
    body = "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    about = overlay_about(name)
    return f"# {name}\n\nAn overlay: `extends: [{name}]`. {about}\n\n```yaml\n{body.strip()}\n```"


def _files() -> dict[str, Path]:
    return {file.stem: file for file in data_folder("overlays").rglob("*.yaml")}
