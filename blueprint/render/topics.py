"""Topics that components explain for a given platform: `topics/NAME.md.j2` in their folders."""

from __future__ import annotations

from pathlib import Path

from blueprint.data import data_folder
from blueprint.platform.model import Platform
from blueprint.platform.tracking.recorder import untracked
from blueprint.text_templates import TextTemplates

_ENDING = ".md.j2"


def platform_topics() -> dict[str, Path]:
    """The files of these topics, by name."""
    files = sorted(data_folder("components").glob(f"*/topics/*{_ENDING}"))
    return {file.name.removesuffix(_ENDING): file for file in files}


def platform_topic(name: str, platform: Platform) -> str:
    """A topic for a platform, in Markdown. Raises KeyError if there is no such topic."""
    file = platform_topics()[name]
    with untracked():
        return TextTemplates(file.parent).render(file.name, platform=platform)
