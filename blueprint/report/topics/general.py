"""Topics other than codes, fields and components: exit codes, report formats, severities, and topics of components."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache

from blueprint.catalog.workloads import workload_kind, workload_names
from blueprint.check.rules import all_rules
from blueprint.data import data_folder
from blueprint.report.output import format_names

EXIT_CODES = (
    (0, "Success, no findings. `plan` also exits 0 with changes, unless `--exit-code` is given."),
    (1, "Findings: errors in the input, drift, an apply that partly failed or was refused. See the report."),
    (2, "Could not start: a wrong command line, a file that cannot be opened, a cluster that cannot be reached."),
    (3, "No findings, but something could not be examined. The result is **unknown**, never a pass."),
    (70, "A bug in blueprint itself. The result is incomplete; please report it."),
    (130, "Interrupted."),
)
"""All exit codes and their meaning, in Markdown."""

PRECEDENCE = (70, 2, 1, 3, 0)
"""Exit codes in order of precedence, for commands to which several apply."""


@cache
def general_topics() -> Mapping[str, str]:
    """Topics in Markdown. Cached, because the rules alone are two hundred modules."""
    return {
        "diagnostics": _DIAGNOSTICS,
        "exit-codes": _exit_codes(),
        "overlays": _OVERLAYS,
        "report-formats": _report_formats(),
        "rules": _rules(),
        "waivers": _WAIVERS,
        "workloads": _workloads(),
        **_of_components(),
    }


def _of_components() -> dict[str, str]:
    """Topics of components: `topics/NAME.md` in their folders."""
    files = sorted(data_folder("components").glob("*/topics/*.md"))
    return {file.stem: file.read_text("utf-8").rstrip("\n") for file in files}


def _exit_codes() -> str:
    rows = "\n".join(f"- {code}: {meaning}" for code, meaning in EXIT_CODES)
    order = " > ".join(str(code) for code in PRECEDENCE)
    return (
        "# Exit codes\n\nThe same for every verb.\n\n"
        f"{rows}\n\nWhere several apply, the first of {order} wins. `diff` follows diff(1): 0 for the same "
        "platform, 1 with differences, 2 where a side cannot be read or is not valid. JSON reports state `exitCode`, "
        "`outcome` and `verdict`, so that no script has to guess."
    )


def _report_formats() -> str:
    rows = "\n".join(f"- `{name}`: {_use(name)}" for name in format_names())
    return (
        "# Report formats\n\n`--report FORMAT[=PATH]` selects how results are reported; the default is text. It may "
        "be given several times: all formats of one run agree. A path of `-`, or none, is stdout.\n\n"
        f"{rows}\n\nValues of Secrets are replaced by numbered tokens in every format. Text is coloured on a terminal "
        "only; `NO_COLOR` and `FORCE_COLOR` are honoured."
    )


def _rules() -> str:
    """All rules by subject."""
    lines: list[str] = []
    subject = None
    for each in all_rules():
        if each.subject != subject:
            subject = each.subject
            lines.append(f"\n## {subject}\n")
        codes = ", ".join(f"{code.id} {code.slug}" for code in each.codes)
        facts = [f"profile {each.profile}", *(f"tag {tag}" for tag in sorted(each.tags))]
        facts += [f"needs {need}" for need in sorted(each.needs)]
        lines.append(f"- {each.about} {codes} ({', '.join(facts)})")
    return (
        "# Rules\n\nWhat is checked in objects besides their schema. `--select`, `--ignore` and `--profile` of "
        "`validate`, `compile` and `lint` choose by code, prefix of a code, slug or tag; `.blueprint.toml` does too.\n"
        + "\n".join(lines)
    )


def _workloads() -> str:
    """All workload kinds for tenants."""
    lines = []
    for kind in map(workload_kind, workload_names()):
        needs = f" Needs {kind.needs.title} {kind.needs.version}." if kind.needs else ""
        lines.append(f"- `{kind.name}`: {kind.description}{needs}")
    return (
        "# Workloads\n\nWhat users of a tenant start from: `workloads` of `spec.tenants.*` and `spec.plans.*` names "
        "them. `compile` writes each as a file for every pool of the tenant that it fits, with its queue, what the "
        "pool offers, shared memory, topology and probes. Nothing applies them.\n\n" + "\n".join(lines)
    )


def _use(name: str) -> str:
    """The first paragraph of the format's own documentation."""
    about = importlib.import_module(f"blueprint.report.formats.{name}").__doc__ or ""
    return " ".join(about.partition("\n\n")[0].split())


_DIAGNOSTICS = """\
# Diagnostics

Every finding of the tool is a diagnostic with a permanent code: `BP` and four digits. The first digit is the phase that
found it.

- BP0: the tool itself, the command line, the lab
- BP1: reading YAML, overlays and revisions
- BP2: the blueprint's language
- BP3: resolving products, components, releases
- BP4: rendering
- BP5: schemas and references of rendered objects
- BP6: rules
- BP7: the cluster: plan, apply, prune
- BP8: drift
- BP9: probing nodes

A diagnostic is an error, a warning or a note. `blueprint explain CODE` explains a code and what to do."""
_OVERLAYS = """\
# Overlays

An overlay is a part of a blueprint that several blueprints share, or that differs between clusters. It is a separate
file:

```
apiVersion: gpublueprint.dev/v1alpha2
kind: Overlay
metadata: {name: acme}
spec:
  cluster:
    registries: {mirrors: {nvcr.io: registry.acme.example/nvcr}}
```

A blueprint names it in `extends: [./acme.yaml]`, or the command line with `--overlay FILE`. Later layers override
earlier ones: the entries of `extends` in their order, the blueprint, each `--overlay`, each `--set`. Mappings are
merged key by key; lists and single values are replaced. `blueprint trace` shows the layer that a value comes from."""
_WAIVERS = """\
# Waivers

A waiver accepts findings until a given day: they are still reported, but do not affect the exit code. Waivers are
read from `waivers.yaml` beside the blueprint or the folder of the bundle, or in the file that `--waivers` names:

```
apiVersion: gpublueprint.dev/v1alpha1
kind: Waivers
waivers:
  - code: BP6101
    subject: Deployment/apps/*
    path: spec.template.spec.containers[*].image
    reason: the registry moves in March
    owner: platform team
    expires: 2027-03-31
```

- `code`: id or slug of the findings
- `subject`: an object (`Kind/[namespace/]name`), `Node/NAME` or `Pool/NAME`; `*` is any text, `?` one character
- `path`: the field as reports show it, with the same wildcards
- `reason`, `owner`: why, and who is responsible for it
- `expires`: the last day on which it is active, in UTC

`subject` or `path` may be left out; without both, the waiver is too broad. In a blueprint, an overlay or a manifest of
your own, a comment on the line of the finding or above it does the same:

```
# blueprint: waive BP6101 until 2027-03-31 -- the registry moves in March (platform team)
```

Findings about anything that was not examined, edited bundles, unreadable documents and failures of the tool cannot be
waived. Expired, unused and too broad waivers are findings themselves (BP0055 to BP0057)."""
