"""The input of lint: files, folders and standard input, read into objects whose fields have locations."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from blueprint.bundle.model import USERS, FieldOrigin, Object, Path
from blueprint.check.finding import value_at
from blueprint.check.rule_context import items, mapping
from blueprint.diagnostics import Diagnostic, Refused, Severity, Span
from blueprint.kubernetes.api import known_minors, load_kubernetes
from blueprint.kubernetes.pod_templates import completed_containers
from blueprint.lint import codes
from blueprint.lint.flux_patches import flux_patches, reconciled_folders
from blueprint.lint.kustomizations import KUSTOMIZATIONS, is_called_assertion, is_called_patch, patch_files
from blueprint.lint.kustomize_additions import additions, with_additions
from blueprint.patterns import lazy_pattern
from blueprint.records import Record, replace
from blueprint.render.canonical import as_written, canonical
from blueprint.source.codes import DUPLICATE_KEY, NOT_READ
from blueprint.source.document import Document, walk
from blueprint.source.files import DiskFiles, decode, read_text
from blueprint.source.manifests import Manifests, read_manifests
from blueprint.wording import counted

STDIN = "-"
STDIN_NAME = "<stdin>"
UNREADABLE = 2
"""The exit code for a file that cannot be opened. Errors in its contents are findings."""
MOST_OBJECTS = 100_000
"""The maximum number of objects in a file. 32 MiB of manifests contain fewer, since each has at least 340 bytes."""
_COLLECTIONS = (dict, list)
_SUFFIXES = (".yaml", ".yml", ".json")
_CLIENT_GROUPS = (
    "kustomize.config.k8s.io", "kubeadm.k8s.io", "kubelet.config.k8s.io", "kubeproxy.config.k8s.io",
    "kubescheduler.config.k8s.io", "apiserver.config.k8s.io", "apiserver.k8s.io", "audit.k8s.io", "kind.x-k8s.io",
    "client.authentication.k8s.io", "gpublueprint.dev",
)  # fmt: skip
"""API groups of documents that only client programs read."""
_OF_KUSTOMIZE = "builtin"
"""The apiVersion of kustomize's own transformers and generators."""
_GROUPS_WITHOUT_DOMAIN = ("", "apps", "autoscaling", "batch", "extensions", "policy")
"""API groups of Kubernetes itself. All other groups are domains, as required for CRDs."""
_OF_AN_OBJECT = lazy_pattern(r"\b(?:apiVersion|kind)\b")
"""What every object has. A JSON file without it belongs to another program, which may accept comments in JSON."""


class Inputs(Record):
    """The objects of all files, diagnostics about the files, their texts by name, and folders that Flux reconciles."""

    objects: tuple[Object, ...]
    problems: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    reconciled: frozenset[str] = frozenset()


class FieldPlaces(Mapping[Path, FieldOrigin]):
    """The span of every field of an object, computed on access: most objects have no finding."""

    __slots__ = ("_data", "_document", "_prefix")

    def __init__(self, document: Document, prefix: Path, data: Any) -> None:
        self._document = document
        self._prefix = prefix
        self._data = data

    def __getitem__(self, path: Path) -> FieldOrigin:
        found: FieldOrigin | None = self.get(path)
        if found is None:
            raise KeyError(path)
        return found

    def get(self, path: Path, default: Any = None) -> Any:
        """The place of a field, or the default where nothing stands. An exception for each would take longer."""
        path = as_written(path, self._data)
        value = value_at(self._data, path)
        if value is None and path:
            return default
        whole = (*self._prefix, *path)
        if isinstance(value, _COLLECTIONS):
            return FieldOrigin(self._document.key_span(whole).head)
        return FieldOrigin(self._document.span(whole))

    def key_at(self, path: Path) -> Span:
        """The span of the last key of a path."""
        return self._document.key_span((*self._prefix, *as_written(path, self._data)))

    def __iter__(self) -> Iterator[Path]:
        return (path for path, value in walk(self._data) if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_inputs(paths: Sequence[str], stdin: bytes | None = None) -> Inputs:
    """Read all files in the paths. Raises Refused with exit code 2 for a path that cannot be read."""
    objects: list[Object] = []
    problems: list[Diagnostic] = []
    texts: dict[str, str] = {}
    read: dict[str, Manifests] = {}
    for file in _files(paths):
        try:
            text = decode(stdin or b"", STDIN_NAME) if file == STDIN else read_text(DiskFiles(), file)
        except Refused as refused:
            if refused.exit_code == UNREADABLE and file in paths:
                raise
            problems += refused.diagnostics
            continue
        name = STDIN_NAME if file == STDIN else file
        texts[name] = text
        read[name] = read_manifests(text, name)
    documents = {name: each.documents for name, each in (*read.items(), *_kustomizations_beside(read))}
    patches, added, by_flux = patch_files(documents), additions(documents), flux_patches(documents)
    for name, manifests in read.items():
        for made in _sort_out(name, manifests, problems, texts[name], is_patch=name in patches):
            data = by_flux.filled(name, with_additions(made.data, added[name]) if name in added else made.data)
            objects.append(replace(made, data=data) if data is not made.data else made)
    if not texts and not problems:
        help_ = "name files, or folders that contain .yaml, .yml or .json files"
        problems.append(Diagnostic(codes.NOTHING_TO_LINT, f"no manifest was found in {', '.join(paths)}", help=help_))
    return Inputs(tuple(objects), tuple(problems), texts, reconciled_folders(documents))


def _kustomizations_beside(files: Collection[str]) -> Iterator[tuple[str, Manifests]]:
    """The kustomizations in the folders of files and above: they determine which of the files are patches."""
    folders = dict.fromkeys(
        folder for file in files if file != STDIN_NAME for folder in PurePosixPath(file).parents[:2]
    )
    for folder in folders:
        for name in KUSTOMIZATIONS:
            file = str(folder / name)
            if file not in files and FilePath(file).is_file():
                with suppress(Refused):  # The file was not requested: only its references matter.
                    yield file, read_manifests(read_text(DiskFiles(), file), file)


def _files(paths: Sequence[str]) -> Iterator[str]:
    """All files once, in order."""
    found: dict[str, None] = {}
    for path in paths:
        if path != STDIN and FilePath(path).is_dir():
            found.update(dict.fromkeys(_below(path)))
        else:
            found[path if path == STDIN else os.path.normpath(path)] = None
    yield from found


def _below(folder: str) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield os.path.normpath(os.path.join(above, name)).replace(os.sep, "/")  # noqa: PTH118 - text is enough


def _sort_out(
    name: str, manifests: Manifests, problems: list[Diagnostic], text: str, *, is_patch: bool
) -> Iterator[Object]:
    """The objects of a file, diagnostics about the file, and parts that are not checked."""
    by_sort: dict[str, list[Document]] = {"object": [], "patch": [], "other": []}
    for document in manifests.documents:
        by_sort["patch" if is_patch or _is_patch(name, document.data) else _sort(document.data)].append(document)
    if manifests.documents or not name.endswith(".json") or _OF_AN_OBJECT.search(text):
        problems += _of_file(manifests.problems, has_objects=bool(by_sort["object"]))
    elif manifests.problems:
        message = f"{name} was not checked: it is neither a Kubernetes object nor valid JSON"
        problems.append(Diagnostic(codes.NOT_KUBERNETES, message, at=manifests.problems[0].at))
    problems += _not_whole(name, manifests)
    number = 0
    for document in by_sort["object"]:
        for each in _objects(document, (), document.data, nulls=manifests.nulls):
            if (number := number + 1) > MOST_OBJECTS:
                at = each.origins[()].template
                text = f"this file has more than {MOST_OBJECTS:,} objects; nothing after this line was checked"
                problems.append(Diagnostic(NOT_READ, text, at=at))
                return
            yield each
    for sort, code, one, many in _NOT_CHECKED:
        if documents := by_sort[sort]:
            why = one if len(documents) == 1 else many
            message = f"{name}: {counted(len(documents), 'document')} not checked, because {why}"
            problems.append(Diagnostic(code, message, at=documents[0].span().head))


def _not_whole(name: str, manifests: Manifests) -> Iterator[Diagnostic]:
    """The documents that are not YAML: templates, and excerpts of guides."""
    for line in manifests.templates:
        at = Span(name, line, 1, line, 2)
        help_ = (
            "render it first: `helm template RELEASE CHART | blueprint lint -`, or `envsubst < FILE | blueprint lint -`"
        )
        yield Diagnostic(codes.TEMPLATE_SKIPPED, f"{name} was not checked, because it is a template", at=at, help=help_)
    for line in manifests.excerpts:
        message = f"{name} was not checked: it is an excerpt, in which a line with ... is not YAML"
        yield Diagnostic(codes.PATCH_SKIPPED, message, at=Span(name, line, 1, line, 2))


def _of_file(problems: Iterable[Diagnostic], *, has_objects: bool) -> Iterator[Diagnostic]:
    """What is wrong with a file. Without objects, the way it is written is not checked, and a key may stand twice."""
    for each in problems:
        if has_objects:
            yield each
        elif each.severity is Severity.ERROR:
            yield replace(each, override=Severity.WARNING) if each.code is DUPLICATE_KEY else each


_NOT_CHECKED = (
    ("patch", codes.PATCH_SKIPPED, "it is only a part of an object", "they are only parts of objects"),
    ("other", codes.NOT_KUBERNETES, "it is not a Kubernetes object", "they are not Kubernetes objects"),
)


def _is_patch(file: str, data: Any) -> bool:
    """Whether its contents are a partial object; in a file that is named like a patch, also objects without a name."""
    if not isinstance(data, dict):
        return False
    metadata = data.get("metadata")
    only_status = "status" in data and "spec" not in data  # the expected objects of an operator's tests
    return (
        "$patch" in data
        or only_status
        or ("kind" in data and is_called_assertion(file))
        or (is_called_patch(file) and "name" not in (metadata if isinstance(metadata, dict) else {}))
    )


def _sort(data: Any) -> str:
    """Whether an API server may store it: it has a kind and an API version, and is not only for clients."""
    kind = data.get("kind") if isinstance(data, dict) and ("apiVersion" in data or "metadata" in data) else None
    if not isinstance(kind, str):
        return "other"
    version = str(data.get("apiVersion"))
    kubeconfig = version == "v1" and kind == "Config"
    group = version.rpartition("/")[0]
    is_unknown = group == "" and _is_unknown(kind)
    configures = kind.endswith("Configuration") and is_unknown and "apiVersion" not in data
    of_a_program = configures or ("metadata" not in data and (kind.endswith("Configuration") or is_unknown))
    is_served = "." in group or (group in _GROUPS_WITHOUT_DOMAIN and version != _OF_KUSTOMIZE)
    stored = is_served and not kubeconfig and not of_a_program and group not in _CLIENT_GROUPS
    return "object" if stored else "other"


@lru_cache(maxsize=1_024)
def _is_unknown(kind: str) -> bool:
    """Whether Kubernetes has no kind with that name."""
    return not kind.endswith("List") and not load_kubernetes(known_minors()[-1]).versions_of(kind)


def _objects(document: Document, path: Path, data: dict[str, Any], *, nulls: bool) -> Iterator[Object]:
    """The object; for a list its items, which get kind and version from a typed list."""
    kind, listed = str(data.get("kind")), data.get("items")
    if kind.endswith("List") and isinstance(listed, list):
        usual = {} if kind == "List" else {"apiVersion": data.get("apiVersion"), "kind": kind.removesuffix("List")}
        for index, each in enumerate(listed):
            if isinstance(each, dict):
                yield from _objects(document, (*path, "items", index), {**usual, **each}, nulls=nulls)
        return
    if isinstance(data.get("sops"), dict) and "mac" in data["sops"]:  # SOPS removes it on decryption
        data = {key: value for key, value in data.items() if key != "sops"}
    yield Object(canonical(_named(data), nulls=nulls), USERS, FieldPlaces(document, path, data))


def _named(data: dict[str, Any]) -> dict[str, Any]:
    """The object; a pod without a name that Spark or Jenkins completes gets one that is generated."""
    metadata = data.get("metadata") or {}
    if (data.get("apiVersion"), data.get("kind")) != ("v1", "Pod") or not isinstance(metadata, dict):
        return data
    names = {str(mapping(each).get("name")) for each in items(mapping(data.get("spec")).get("containers"))}
    if metadata.keys() & {"name", "generateName"} or not (known := names & completed_containers()):
        return data
    return {**data, "metadata": {**metadata, "generateName": f"{min(known)}-"}}
