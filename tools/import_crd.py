"""Convert upstream CRD files to schemas/crds/<group>/<plural>.yaml.

python -m tools.import_crd --source URL --version V --licence L [--minor 1.36] [--earlier] FILE...

--earlier writes schemas/crds/<group>/<version>/<plural>.yaml, for a release that is not the latest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from tools.crd_import import import_crd
from tools.crd_notation import write_notation

CRDS = Path(__file__).resolve().parent.parent / "schemas" / "crds"


def main() -> None:
    """Write one file for each CRD in the given files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--licence", default="Apache-2.0")
    parser.add_argument("--minor", default="1.36", help="the Kubernetes release to refer to")
    parser.add_argument("--earlier", action="store_true", help="keep it beside the newest version")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    for file in options.files:
        for crd in filter(None, yaml.safe_load_all(file.read_text("utf-8"))):
            document = import_crd(
                crd, source=options.source, version=options.version, licence=options.licence, minor=options.minor
            )
            folder = CRDS / document["group"] / (options.version if options.earlier else "")
            target = folder / f"{document['names']['plural']}.yaml"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(write_notation(document), "utf-8")
            print(target)


if __name__ == "__main__":
    main()
