"""Runs the phases of a compile in order. The only module that lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from blueprint.bundle.images import PulledImage
from blueprint.bundle.model import Bundle, Object
from blueprint.catalog.catalog import Catalog, load_catalog
from blueprint.catalog.component_files.helm_values import where_helm_values_are
from blueprint.check.codes import RULE_FAILED
from blueprint.check.objects import validate_objects, without_explained
from blueprint.check.policy import RECOMMENDED, RulePolicy
from blueprint.check.rule_context import RuleContext
from blueprint.check.runner import RuleResults, run_rules
from blueprint.diagnostics import Diagnostic, Refused, Severity, has_errors, in_order
from blueprint.diagnostics.codes import INTERNAL_ERROR
from blueprint.effective.resolution import Resolution
from blueprint.platform.expectations import expectations
from blueprint.platform.inputs.hardware_files import causes_only, with_own_hardware
from blueprint.platform.model import Platform
from blueprint.platform.resolve import resolve
from blueprint.probe.expectations import Expectation
from blueprint.records import Record, field, replace
from blueprint.render.images import pulled_images
from blueprint.render.render import render_platform
from blueprint.rule_facts.resolved import ResolvedFacts
from blueprint.source.files import Files
from blueprint.source.layers import Layered, load_layers
from blueprint.spec.model import Blueprint
from blueprint.spec.parse import parse_blueprint
from blueprint.spec.reading import LanguageReader
from blueprint.waivers.engine import NO_WAIVERS, Waivers

if TYPE_CHECKING:
    from blueprint.bundle.assembly import BundleFiles


class Valid(Record, dict=True):
    """A blueprint without errors, and what it renders. Everything else is derived from this on first use.

    `beside` are files for a delivery controller that applies the bundle, and for users.
    """

    platform: Platform
    layered: Layered
    objects: tuple[Object, ...]
    beside: BundleFiles

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        """The expectations that probes check on the nodes."""
        return expectations(self.platform)

    @cached_property
    def images(self) -> tuple[PulledImage, ...]:
        """All images that it pulls."""
        return pulled_images(self.platform, self.objects)

    @cached_property
    def made(self) -> tuple[Bundle, BundleFiles]:
        """The bundle and its files."""
        from blueprint.bundle.assembly import make_bundle

        return make_bundle(self.platform, self.layered, self.objects, self.expectations, self.images, self.beside)


class Compilation(Record):
    """The result of compiling a blueprint. `valid`, `bundle` and `files` are None if it has errors.

    `diagnostics` are all findings; `waivers`, including those in comments, determine which of them do not count.
    `declared` is the platform without the drivers that users wrote into objects; `platform` has them.
    """

    target: str
    layered: Layered
    diagnostics: tuple[Diagnostic, ...]
    platform: Platform | None = None
    declared: Resolution | None = None
    valid: Valid | None = None
    rules: RuleResults = field(default_factory=RuleResults)
    waivers: Waivers = NO_WAIVERS

    @property
    def bundle(self) -> Bundle | None:
        """The bundle in memory, created on first use."""
        return self.valid.made[0] if self.valid else None

    @property
    def files(self) -> BundleFiles | None:
        """The files of its folder, created on first use."""
        return self.valid.made[1] if self.valid else None

    @property
    def images(self) -> tuple[PulledImage, ...]:
        """All images that the platform pulls."""
        return self.valid.images if self.valid else ()

    @property
    def exit_code(self) -> int:
        """The exit code of a command that needs the bundle."""
        if any(found.code is INTERNAL_ERROR for found in self.diagnostics):
            return 70
        standing = self.waivers.standing(self.diagnostics)
        errors = [each for each in standing if each.severity is Severity.ERROR]
        if self.rules.failed and all(each.code is RULE_FAILED for each in errors):
            return 3
        return self.layered.exit_code or int(self.valid is None)

    def valid_bundle(self) -> Bundle:
        """The bundle. Raises Refused if there is none."""
        if self.valid is None:
            raise Refused(*self.diagnostics, exit_code=self.exit_code)
        return self.valid.made[0]


def compile_blueprint(
    target: str,
    *,
    files: Files | None = None,
    overlays: Sequence[str] = (),
    sets: Sequence[str] = (),
    policy: RulePolicy = RECOMMENDED,
    waivers: Waivers = NO_WAIVERS,
) -> Compilation:
    """Run every phase as far as possible.

    Each phase continues with what is valid, so that one run finds as many errors as possible. Phases that would only
    report consequential errors are skipped: a blueprint with an unreadable layer is not resolved, and objects are
    rendered and checked only for a blueprint without errors.

    Args:
        target: The blueprint's path; without `files` also `REV:PATH`, a path in a commit.
        files: The source from which the blueprint and everything it refers to are read; by default the disk.
        overlays: Overlays that are merged last.
        sets: `PATH=VALUE`, each a single value that overrides all layers.
        policy: The rules that run, and the severity of their findings.
        waivers: Findings that do not count; waivers in comments of the input are added.

    Raises:
        Refused: The blueprint itself cannot be read.
    """
    catalog = load_catalog()
    layered, blueprint, read = _read(target, overlays, sets, files, catalog)
    if blueprint is None or layered.incomplete:
        return _stopped(target, layered, read, waivers)
    catalog, spoilt = with_own_hardware(catalog, layered)
    platform, problems = resolve(blueprint, layered.root, catalog)
    resolved = [*spoilt, *causes_only(problems, spoilt)]
    found = [*read, *resolved]
    waivers = waivers.with_comments(layered.texts)
    if platform is None or has_errors(waivers.standing(found)):
        return _stopped(target, layered, found, waivers)
    declared = Resolution(platform, tuple(resolved), tuple(spoilt), blueprint, layered.root, catalog)
    objects, problems = render_platform(platform, layered)
    effective = declared.with_drivers_of(objects)
    platform = effective.platform
    found = [*read, *effective.problems, *problems]
    minor, existing = platform.cluster.kubernetes_minor, effective.existing_namespaces
    validation = validate_objects(objects, kubernetes_minor=minor, namespaces=existing)
    rules = run_rules(
        RuleContext(validation.well_formed, ResolvedFacts(platform)), policy, malformed=validation.malformed
    )
    waivers = waivers.with_comments(layered.texts)  # including those of manifests
    found += [*without_explained([*validation.diagnostics, *rules.diagnostics]), *waivers.problems]
    compilation = Compilation(target, layered, tuple(in_order(found)), platform, declared, rules=rules, waivers=waivers)
    if has_errors(waivers.standing(found)):
        return compilation
    beside = {**_delivery(platform, objects), **_workloads(platform)}
    return replace(compilation, valid=Valid(platform, layered, tuple(objects), beside))


def _read(
    target: str, overlays: Sequence[str], sets: Sequence[str], files: Files | None, catalog: Catalog
) -> tuple[Layered, Blueprint | None, list[Diagnostic]]:
    """All documents, the resulting blueprint, and its errors."""
    reader = LanguageReader(catalog.has_gpus)
    layered = load_layers(target, overlays, sets, reader, files)
    parsed = parse_blueprint(layered, where_helm_values_are)
    found = [*layered.diagnostics, *reader.diagnostics, *parsed.found]
    return replace(layered, root=parsed.root), parsed.blueprint, found


def _delivery(platform: Platform, objects: list[Object]) -> Mapping[str, bytes]:
    """The files for a delivery controller. Their modules are imported only if one is declared."""
    if platform.delivery is None:
        return {}
    from blueprint.delivery.files import delivery_files

    release, distribution = platform.release_name, platform.cluster.distribution
    return delivery_files(platform.name, platform.delivery, objects, release=release, distribution=distribution)


def _workloads(platform: Platform) -> Mapping[str, bytes]:
    """The files for tenant users. Their modules are imported only if they are declared."""
    if not any(tenant.workloads for tenant in platform.tenants.every):
        return {}
    from blueprint.render.workloads import workload_files

    return workload_files(platform)


def _stopped(target: str, layered: Layered, found: list[Diagnostic], waivers: Waivers) -> Compilation:
    waivers = waivers.with_comments(layered.texts)
    return Compilation(target, layered, tuple(in_order([*found, *waivers.problems])), waivers=waivers)
