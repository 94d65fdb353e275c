"""How long and how wide those tests go that could go on forever: a sample by default, all of it in `make soak`.

BLUEPRINT_SOAK is the number of seconds for what lasts; what is a list of cases is then tried whole, what is random more
often and by a new seed. BLUEPRINT_SOAK_SEED repeats such a run.
"""

from __future__ import annotations

import os
import random
import sys

SECONDS = float(os.environ.get("BLUEPRINT_SOAK", "0"))
WHOLE = SECONDS > 0
USUAL = 20261129
"""Without a soak chance is the same in every run, so that a failure comes of the change at hand."""
SEED = int(os.environ.get("BLUEPRINT_SOAK_SEED", "0")) or (random.SystemRandom().randrange(10**6) if WHOLE else USUAL)

if WHOLE:
    sys.stderr.write(f"BLUEPRINT_SOAK_SEED={SEED}\n")


def dice(what: object = "") -> random.Random:
    """Chance for one test or one case of it."""
    return random.Random(f"{SEED} {what}")  # noqa: S311 - repeatable on purpose
