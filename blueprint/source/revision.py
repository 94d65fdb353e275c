"""Files at a git revision, for targets of the form `REV:PATH`. The only module that runs git."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source import codes
from blueprint.source.files import limit, matches_glob

_WINDOWS = lazy_pattern(r"[A-Za-z]:[\\/]")
NO_SUCH_REVISION = "there is no such revision"
_HUNK = lazy_pattern(r"@@ -[0-9,]+ \+([0-9]+)(?:,([0-9]+))? @@")
SYMBOLIC_LINK = 0o120000
"""The mode of a link in a git tree."""


class RevisionFiles(Record):
    """The files of one commit. Paths are `REV:path/in/repository`."""

    revision: str
    tree: Any

    def read(self, path: str) -> bytes:
        """The bytes of a file at this revision."""
        try:
            blob = self.tree / self._inner(path)
        except KeyError as error:
            raise FileNotFoundError(2, "no such file at this revision") from error
        if blob.type != "blob" or blob.mode == SYMBOLIC_LINK:
            raise OSError(22, "not a regular file at this revision")
        limit(blob.size)
        return bytes(blob.data_stream.read())

    def glob(self, folder: str, pattern: str) -> list[str]:
        """Matching files of the commit, sorted."""
        wanted = posixpath.normpath(posixpath.join(self._inner(folder), pattern)).split("/")
        files = (blob.path for blob in self.tree.traverse() if blob.type == "blob")
        return sorted(f"{self.revision}:{path}" for path in files if matches_glob(path.split("/"), wanted))

    def beside(self, path: str, reference: str) -> str:
        """The file to which a reference refers, relative to the file that contains it."""
        return f"{self.revision}:{posixpath.normpath(posixpath.join(posixpath.dirname(self._inner(path)), reference))}"

    def inside(self, path: str, target: str) -> bool:
        """Whether the path belongs to the target's commit, and stays in the repository."""
        same = path.partition(":")[0] == target.partition(":")[0]
        return same and not self._inner(path).startswith("..")

    def relative(self, path: str, target: str) -> str:
        """The path relative to the folder of `target`."""
        return posixpath.relpath(self._inner(path), posixpath.dirname(self._inner(target)) or ".")

    def _inner(self, path: str) -> str:
        return posixpath.normpath(path.partition(":")[2] or ".")


def open_revision(target: str, folder: Path) -> tuple[RevisionFiles, str]:
    """The files of `REV:PATH` in the repository that contains `folder`, and the path as shown to users. Raises Refused.

    As in git, a PATH that starts with `./` or `../` is relative to `folder`.
    """
    revision, _, path = target.partition(":")
    try:
        import git
    except ImportError as error:
        raise _refused(target, "git is not installed") from error
    if revision.startswith("-"):
        raise _refused(target, "a revision cannot begin with a dash")
    try:
        repository = git.Repo(folder, search_parent_directories=True)
        commit = repository.commit(revision)
        if path.startswith(("./", "../")):
            here = folder.resolve().relative_to(Path(str(repository.working_tree_dir)).resolve())
            path = posixpath.normpath(posixpath.join(here.as_posix(), path))
        return RevisionFiles(revision, commit.tree), f"{revision}:{path}"
    except (git.exc.GitError, git.exc.ODBError, ValueError, OSError, IndexError) as error:
        reason = _reason(error)
        way_out = _way_out(revision) if reason == NO_SUCH_REVISION else ""
        if _WINDOWS.match(target):
            way_out = "REVISION:PATH is read from git: write a Windows path with / and without a drive"
        raise _refused(target, reason, way_out) from error


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if name in ("InvalidGitRepositoryError", "NoSuchPathError"):
        return "this folder is not in a git repository"
    if name in ("BadName", "BadObject", "ValueError", "IndexError"):
        return NO_SUCH_REVISION
    return " ".join(str(error).split())[:200]


def _way_out(revision: str) -> str:
    """How to fetch a revision into this clone: CI clones have one commit and no other branches."""
    remote, _, branch = revision.partition("/")
    if remote in ("origin", "upstream") and branch:
        fetch = f"fetch it with `git fetch --depth 1 {remote} {branch}:refs/remotes/{remote}/{branch}`"
    else:
        fetch = "fetch the history with `git fetch --unshallow --tags`"
    return f"{fetch}; in GitHub Actions, set `fetch-depth: 0` for actions/checkout"


def _refused(target: str, reason: str, help_: str = "") -> Refused:
    found = Diagnostic(codes.REVISION, f"cannot read {target}: {reason}", help=help_ or None)
    return Refused(found, exit_code=2)


def changed_lines(revision: str, files: Sequence[str], folder: Path) -> dict[str, set[int] | None]:
    """The lines that differ from a revision, by file; None for a file that is not in the revision. Raises Refused.

    Next to removed lines, the adjacent ones count as changed. Unchanged files are omitted.
    """
    there, _ = open_revision(f"{revision}:.", folder)
    import git

    repository = git.Repo(folder, search_parent_directories=True)
    root = Path(str(repository.working_tree_dir)).resolve()
    diff = repository.git.execute(
        ["git", "-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff", revision, "--"],
        with_extended_output=False, as_process=False, stdout_as_string=True,
    )  # fmt: skip
    hunks = _hunks(str(diff))
    changed: dict[str, set[int] | None] = {}
    for file in files:
        path = (folder / file).resolve()
        inner = path.relative_to(root).as_posix() if path.is_relative_to(root) else None
        if inner is None or not _has(there.tree, inner):
            changed[file] = None
        elif inner in hunks:
            changed[file] = hunks[inner]
    return changed


def _has(tree: Any, path: str) -> bool:
    try:
        return bool(tree / path)
    except KeyError:
        return False


def _hunks(diff: str) -> dict[str, set[int]]:
    """The changed lines of the new side, by path."""
    found: dict[str, set[int]] = {}
    lines: set[int] = set()
    for text in diff.splitlines():
        if text.startswith("+++ b/"):
            lines = found.setdefault(text.removeprefix("+++ b/").rstrip("\t"), set())
        elif match := _HUNK.match(text):
            first, count = int(match[1]), int(match[2] or 1)
            lines.update(range(first, first + (count or 2)))
    return found


def commit_of(path: Path) -> str:
    """The commit that is checked out around a file, followed by ` with changes` if the file's folder differs from it.

    Empty without a repository, a commit or git: it is used to describe a source, not to read it.
    """
    folder = path if path.is_dir() else path.parent
    if not _is_in_repository(folder):
        return ""
    try:
        import git
    except ImportError:
        return ""
    try:
        repository = git.Repo(folder, search_parent_directories=True)
        changed = repository.git.status("--porcelain", "--", str(folder.resolve()))
        commit = repository.head.commit.hexsha
    except (ValueError, OSError, git.exc.GitError, git.exc.ODBError):
        return ""
    return f"{commit} with changes" if changed else str(commit)


def _is_in_repository(folder: Path) -> bool:
    """Whether git would find a repository there: running git takes a sixth of a comparison of 300 objects."""
    here = folder.resolve()
    return "GIT_DIR" in os.environ or any((each / ".git").exists() for each in (here, *here.parents))
