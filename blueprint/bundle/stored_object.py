"""An object of a bundle on disk: identity and digest come from the lock, and the manifest is read on first use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object, ObjectId, Path
from blueprint.bundle.origin_codec import Place
from blueprint.bundle.provenance import Provenance
from blueprint.source.paths import pointer


class StoredObject(Object):
    """Behaves like any other object, but parses its file on first use."""

    __slots__ = ("_data", "_entry", "_folder", "_places", "_provenance")
    _data: dict[str, Any] | None
    _entry: Mapping[str, Any]
    _folder: FilePath
    _places: Mapping[str, Place] | None
    _provenance: Provenance

    def __init__(self, folder: FilePath, entry: Mapping[str, Any], provenance: Provenance) -> None:
        object.__setattr__(self, "_folder", folder)
        object.__setattr__(self, "_entry", entry)
        object.__setattr__(self, "_provenance", provenance)
        object.__setattr__(self, "_data", None)
        object.__setattr__(self, "_places", None)

    @property
    def data(self) -> dict[str, Any]:
        """The manifest."""
        if self._data is None:
            from blueprint.source.loader import load_text

            file = self._folder / self.file
            object.__setattr__(self, "_data", load_text(file.read_text("utf-8"), self.file).data)
        assert self._data is not None  # noqa: S101 - just read
        return self._data

    @property
    def origins(self) -> Mapping[Path, FieldOrigin]:
        """The origin of every field."""
        return self._provenance.decoder.origins(self._stored_places(), self.data)

    def origin(self, path: Path) -> FieldOrigin | None:
        """The origin of a field, or of its nearest ancestor that has one. Other origins are not read."""
        places = self._stored_places()
        for end in range(len(path), -1, -1):
            if place := places.get(pointer(path[:end])):
                return self._provenance.decoder.origin(place)
        return None

    def _stored_places(self) -> Mapping[str, Place]:
        if self._places is None:
            object.__setattr__(self, "_places", self._provenance.places(self.file))
        assert self._places is not None  # noqa: S101 - just read
        return self._places

    @property
    def component(self) -> str:
        """The name of its component."""
        return str(self._entry["component"])

    @property
    def file(self) -> str:
        """The path of the manifest inside the bundle."""
        return str(self._entry["file"])

    @property
    def id(self) -> ObjectId:
        """The identity of the object."""
        entry = self._entry
        group = entry["apiVersion"].rpartition("/")[0]
        return ObjectId(group, entry["kind"], entry.get("namespace", ""), entry["name"])

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`, ..."""
        return str(self._entry["apiVersion"])

    @property
    def digest(self) -> str:
        """The digest in the lock, against which the file was verified."""
        return str(self._entry["digest"])
