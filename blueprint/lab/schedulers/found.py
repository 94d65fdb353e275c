"""The programs of a scheduler, in a folder into which the user has built them."""

from __future__ import annotations

import os
from pathlib import Path

from blueprint.bundle.model import Bundle, Object
from blueprint.catalog.component_files.lab_schedulers import SchedulerPrograms, load_scheduler_programs
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.schedulers.build_info import main_version
from blueprint.records import Record
from blueprint.wording import joined


class FoundScheduler(Record):
    """A scheduler that a lab can run.

    Attributes:
        programs: The facts about its programs.
        folder: Their location.
        rendered: The version that the bundle installs.
        version: The version from which the programs were built; empty if they do not contain it.
    """

    programs: SchedulerPrograms
    folder: Path
    rendered: str
    version: str

    def path(self, program: str) -> str:
        """The path of one of the programs."""
        return str(self.folder / program)

    @property
    def in_words(self) -> str:
        """The version that runs, in words."""
        return self.version or f"a version that its programs do not name, from {self.folder}"


def find_scheduler(bundle: Bundle, folder: Path) -> FoundScheduler:
    """The bundle's scheduler in a folder. Raises Refused (2) if the bundle has none, or a program does not exist."""
    for programs in load_scheduler_programs():
        if deployment := operator_of(bundle, programs):
            missing = [name for name in programs.programs if not os.access(folder / name, os.X_OK)]
            if missing:
                help_ = f"build them from the source of {programs.title}, and specify the folder with all of them"
                text = f"there is no program {joined(missing)} in --kai {folder}"
                raise Refused(Diagnostic(codes.BINARIES_MISSING, text, help=help_), exit_code=2)
            version = main_version(folder / next(iter(programs.programs)))
            return FoundScheduler(programs, folder, _version(deployment), version)
    text = f"{bundle.name} installs no scheduler that a lab can run"
    help_ = "declare spec.queueing.kai, or omit --kai"
    raise Refused(Diagnostic(codes.NO_QUEUES, text, help=help_), exit_code=2)


def operator_of(bundle: Bundle, programs: SchedulerPrograms) -> Object | None:
    """The Deployment of the operator; None if the bundle does not contain it."""
    found = (obj for obj in bundle.objects if obj.component == programs.component)
    return next((obj for obj in found if (obj.id.kind, obj.id.name) == ("Deployment", programs.deployment)), None)


def _version(deployment: Object) -> str:
    """The tag of the first container's image."""
    image = str(deployment.data["spec"]["template"]["spec"]["containers"][0]["image"])
    return image.partition("@")[0].rpartition(":")[2]
