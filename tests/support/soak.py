"""The duration and extent of tests that could run indefinitely: a sample by default, everything in `make soak`.

BLUEPRINT_SOAK is the number of seconds for long-running tests. If it is set, lists of cases are tested completely, and
random tests run more often and with a new seed. BLUEPRINT_SOAK_SEED repeats such a run.
"""

from __future__ import annotations

import os
import random
import sys

SECONDS = float(os.environ.get("BLUEPRINT_SOAK", "0"))
WHOLE = SECONDS > 0
USUAL = 20261129
"""The default seed. Without a soak every run makes the same random choices, so that failures come from the code
change.
"""
SEED = int(os.environ.get("BLUEPRINT_SOAK_SEED", "0")) or (random.SystemRandom().randrange(10**6) if WHOLE else USUAL)

if WHOLE:
    sys.stderr.write(f"BLUEPRINT_SOAK_SEED={SEED}\n")


def dice(what: object = "") -> random.Random:
    """The random generator for one test or one of its cases."""
    return random.Random(f"{SEED} {what}")  # noqa: S311 - repeatable on purpose
