"""Files in spans in the form used by code hosts: relative to the repository, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path

from blueprint.report.context import Context, project_root
from blueprint.report.record import ReportContent


class RepositoryPaths:
    """Converts files in spans to paths relative to the repository that contains the run's folder."""

    def __init__(self, context: Context) -> None:
        self._base = context.base.absolute().resolve()
        self._root = project_root(self._base)
        self._known: dict[str, str | None] = {}

    def of(self, file: str) -> str | None:
        """The path of `file`; None for anything outside of the repository: `<--set>`, stdin, other folders."""
        if file not in self._known:
            self._known[file] = self._relative(file)
        return self._known[file]

    def first_of(self, record: ReportContent) -> str | None:
        """The file for findings without one: the blueprint, if the run contains its name, otherwise the first file in a
        finding.
        """
        blueprint = record.run.subject.get("blueprint", "")
        named = [blueprint] if blueprint.endswith((".yaml", ".yml")) else []
        blamed = (finding.diagnostic.at.file for finding in record.findings if finding.diagnostic.at)
        return next((path for file in (*named, *blamed) if (path := self.of(file))), None)

    def _relative(self, file: str) -> str | None:
        if not file or file.startswith("<") or "\0" in file:
            return None
        path = Path(os.path.normpath(self._base / file))
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else None
