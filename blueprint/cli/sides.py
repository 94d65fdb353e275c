"""The two sides of a comparison: each is a blueprint, a revision of one, or a bundle folder."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from blueprint.bundle.model import Bundle
from blueprint.changes.platform_changes import Parts, platform_parts
from blueprint.cli.options import compile_target, refuse_overlays
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.records import Record


class DiffSide(Record):
    """A bundle, its parts besides objects, and its manually edited files."""

    bundle: Bundle
    parts: Parts
    edited: tuple[Diagnostic, ...] = ()


def load_side(target: str, options: Namespace) -> DiffSide:
    """Compile or read one side. Raises Refused with exit code 2 for any error, like diff(1)."""
    options.compiled_waivers = None
    try:
        if not Path(target).is_dir():
            return _compiled(target, options)
        refuse_overlays(options)
        return _folder(Path(target))
    except Refused as refused:
        raise Refused(*refused.diagnostics, exit_code=2) from None


def _compiled(target: str, options: Namespace) -> DiffSide:
    """Each side has its own waivers, unless a file is specified."""
    compiling = Namespace(target=target, overlay=options.overlay, set=options.set, waivers=options.waivers)
    compilation = compile_target(compiling)
    options.compiled_waivers = compilation.waivers
    bundle = compilation.valid_bundle()
    return DiffSide(bundle, platform_parts((compilation.files or {}).__getitem__))


def _folder(folder: Path) -> DiffSide:
    """An edited bundle is compared as it is on disk."""
    from blueprint.bundle.reader import read_as_it_stands

    bundle, edited = read_as_it_stands(folder)
    return DiffSide(bundle, platform_parts(lambda name: (folder / name).read_bytes()), tuple(edited))
