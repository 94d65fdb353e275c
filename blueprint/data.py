"""Locates the data folders: the same files from a wheel, an editable install and a source tree."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
FOLDERS = ("components", "overlays", "schemas", "workloads")


@cache
def data_folder(name: str) -> Path:
    """The folder `components`, `overlays`, `schemas` or `workloads`.

    A wheel contains them inside the package (`_data`); in a checkout they are next to it. The package's own copy takes
    precedence, so that an installed tool never uses an unrelated folder of the same name.
    """
    if name not in FOLDERS:
        raise ValueError(f"no data folder is named {name}")
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the data folder {name} is missing from this installation")


def shown(path: Path) -> str:
    """The name of a data file in reports and bundles: `components/nfd/component.yaml`, on every machine."""
    posix = path.as_posix()
    for folder, name in _prefixes().items():
        if posix.startswith(folder):
            return name + posix.removeprefix(folder)
    return posix


def is_shipped(file: Path) -> bool:
    """Whether the file ships with the tool, and is not a user's."""
    return not Path(shown(file)).is_absolute()


@cache
def _prefixes() -> dict[str, str]:
    """The shown prefix of files below each data folder, by the folder; then of files in the package."""
    return {f"{data_folder(name).as_posix()}/": f"{name}/" for name in FOLDERS} | {f"{_PACKAGE.as_posix()}/": ""}


def shipped(name: str) -> Path | None:
    """The file with this `shown` name; None if it does not ship with the tool."""
    folder, _, rest = name.partition("/")
    file = data_folder(folder) / rest if folder in FOLDERS else _PACKAGE / name
    return file if rest and ".." not in rest.split("/") and file.is_file() else None
