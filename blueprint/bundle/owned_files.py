"""Distinguishes the files of a bundle from other files in its folder, which stay.

The lock lists the files of the bundle. Apart from those, a folder may contain anything: `.git`, a README, a
kustomization. None of this is read, replaced or removed. Other files matter only below `manifests/`, because whatever
applies that folder applies them too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from blueprint.bundle.file_replacement import STAGE
from blueprint.bundle.layout import (
    DELIVERY,
    EXPECTATIONS,
    IMAGES,
    LOCK,
    MANIFESTS,
    PREREQUISITES,
    PREREQUISITES_PAGE,
    PROVENANCE,
    SLICES,
    WORKLOADS,
    sealed,
    sha256,
)
from blueprint.bundle.reader import stray_manifests as strays_in
from blueprint.patterns import lazy_pattern
from blueprint.records import Record

Files = Mapping[str, bytes]

_AT_THE_TOP = frozenset({PROVENANCE, EXPECTATIONS, IMAGES, PREREQUISITES, PREREQUISITES_PAGE, SLICES})
_UNTOLD = (".git", "lost+found", STAGE)
"""Names that are not reported: the repository that contains the bundle, file system metadata, temporary files."""
_DIGESTED = lazy_pattern(r'"((?:[^"\\\n]|\\.)+)": "([0-9a-f]{64})"')


class LockedFiles(Record):
    """The files that a lock lists, with their digests. The contents of an unreadable lock are guessed, which is enough
    to overwrite a file but not to remove one.
    """

    digests: Mapping[str, frozenset[str]]
    readable: bool = True
    edited: bool = False


class Replacement(Record):
    """The changes that writing a bundle makes to a folder, file by file; names are relative to it.

    `edited` are the changed or removed files that differ from the old bundle. `in_the_way` describes what cannot be
    replaced. `foreign` and `strays` stay; strays are below `manifests/`.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    in_the_way: tuple[str, ...]
    foreign: tuple[str, ...]
    strays: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """Added and changed files."""
        return (*self.added, *self.changed)

    @property
    def changes_anything(self) -> bool:
        """Whether writing would change the folder."""
        return bool(self.written or self.removed)


def is_free(folder: Path) -> bool:
    """Whether a bundle may be written to an existing folder: it contains a bundle, or nothing relevant."""
    return (folder / LOCK).is_file() or not any(True for _ in _foreign_at_the_top(folder, ()))


def replacement(files: Files, folder: Path) -> Replacement:
    """The changes that writing `files` to `folder` would make. A missing folder counts as empty."""
    listed = listed_in(folder)
    changed, added, edited, in_the_way = [], [], [], []
    for name, data in files.items():
        state = _state(folder, name)
        if state is None:
            added.append(name)
        elif isinstance(state, str):
            in_the_way.append(state)
        elif state != data:
            if name != LOCK and name not in listed.digests:
                in_the_way.append(f"{folder / name} does not come from the bundle, which has a file with that name")
            changed.append(name)
            if sha256(state) not in listed.digests.get(name, ()) and name != LOCK:
                edited.append(name)
    gone = [n for n in listed.digests if n not in files and listed.readable and isinstance(_state(folder, n), bytes)]
    edited += [n for n in gone if sha256((folder / n).read_bytes()) not in listed.digests[n]]
    return Replacement(
        added=tuple(sorted(added)),
        changed=tuple(sorted(changed)),
        removed=tuple(sorted(gone)),
        edited=tuple(sorted([*edited, *([LOCK] if listed.edited and LOCK in changed else [])])),
        in_the_way=tuple(in_the_way),
        foreign=tuple(_foreign_at_the_top(folder, {*files, *gone})),
        strays=tuple(_strays(folder, {*files, *gone})),
    )


def _strays(folder: Path, ours: Collection[str]) -> Iterator[str]:
    """Files that would be applied together with the bundle: below `manifests/`, and below `delivery/` if the bundle has
    one.
    """
    yield from strays_in(folder, ours)
    if any(name.startswith(f"{DELIVERY}/") for name in ours):
        yield from strays_in(folder, ours, DELIVERY)


def listed_in(folder: Path) -> LockedFiles:
    """The files that the lock in `folder` lists, as far as it is readable. Even with a merge conflict, most of it
    is.
    """
    try:
        text = (folder / LOCK).read_bytes()
    except OSError:
        return LockedFiles({})
    try:
        lock = orjson.loads(text)
        digests = {str(name): frozenset([str(digest)]) for name, digest in lock["files"].items()}
        return LockedFiles({n: d for n, d in digests.items() if is_ours(n)}, edited=sealed(lock) != text)
    except (ValueError, KeyError, TypeError, AttributeError):
        found: dict[str, frozenset[str]] = {}
        for quoted, digest in _DIGESTED.findall(text.decode("utf-8", "replace")):
            if is_ours(quoted):
                found[quoted] = found.get(quoted, frozenset()) | {digest}
        return LockedFiles(found, readable=False)


def is_ours(name: str) -> bool:
    """Whether a bundle can contain a file of this name. Other names in a lock are ignored."""
    parts = name.split("/")
    below = parts[0] in (MANIFESTS, DELIVERY, WORKLOADS) and len(parts) > 1 and not {"", ".", ".."} & {*parts}
    return below or name in _AT_THE_TOP


def _state(folder: Path, name: str) -> bytes | str | None:
    """The content of the file, None if it does not exist, or a description of what is in its place or on the path to
    it.
    """
    here = folder
    steps = name.split("/")
    for number, step in enumerate(steps, start=1):
        here /= step
        try:
            mode = here.lstat().st_mode
        except FileNotFoundError:
            return None
        last = number == len(steps)
        if stat.S_ISLNK(mode):
            return f"{here} is a link, but the bundle has a {'file' if last else 'folder'} there"
        if last and not stat.S_ISREG(mode):
            return f"{here} is not a file, but the bundle has a file there"
        if not last and not stat.S_ISDIR(mode):
            return f"{here} is not a folder, but the bundle has a folder there"
    return here.read_bytes()


def _foreign_at_the_top(folder: Path, ours: Iterable[str]) -> Iterator[str]:
    """Other entries at the top level of the bundle's folder, folders with a trailing slash. Subfolders are not
    searched.
    """
    if not folder.is_dir():
        return
    tops = {name.partition("/")[0] for name in ours} | {LOCK}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name not in tops and entry.name not in _UNTOLD:
                yield entry.name + "/" * entry.is_dir(follow_symlinks=False)
