"""How long 5,000 claims take to check: `python -m tests.bench.bench_claims`.

Every claim has an expression of its own, so each is compiled. There are five kinds of nodes, with static and dynamic
MIG.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from blueprint.allocation.claims import read_claim, read_class
from blueprint.allocation.prove import Prover
from blueprint.allocation.slices import node_group
from tests.support.devices import CLASSES, GPU, dynamic_mig, request, static_mig, whole_gpus

NUMBER = 5_000
A, C = f"device.attributes['{GPU}']", f"device.capacity['{GPU}']"
FORMS = (
    ("gpu.nvidia.com", f"{C}.memory.compareTo(quantity('{{0}}Mi')) >= 0 && {A}.productName.contains('H100')", 2),
    ("gpu.nvidia.com", f"{A}.architecture == 'Hopper' && {C}.memory.isGreaterThan(quantity('{{0}}Mi'))", 9),
    ("mig.nvidia.com", f"{A}.profile == '1g.10gb' && {C}.memory.isGreaterThan(quantity('{{0}}Ki'))", 1),
    ("mig.nvidia.com", f"{A}.profile in ['3g.40gb', '{{0}}']", 3),
    ("gpu.nvidia.com", f"{A}.driverVersion.compareTo(semver('5{{0}}.0.0')) < 0", 1),
)


def main() -> None:
    """Check them, and print the time."""
    groups = [
        node_group("whole", 100, whole_gpus("a", 8), "a"),
        node_group("small", 100, whole_gpus("b", 4, product="NVIDIA A100-SXM4-40GB", memory="40960Mi"), "b"),
        node_group("static", 50, static_mig("c", 8), "c"),
        node_group("dynamic", 50, dynamic_mig("d", 8), "d"),
        node_group("large", 10, whole_gpus("e", 8, product="NVIDIA H200", memory="143771Mi"), "e"),
    ]
    claims = [
        read_claim(str(number), {"requests": [request("gpu", of, text.format(10_000 + number), count=count)]})
        for number in range(NUMBER)
        for of, text, count in [FORMS[number % len(FORMS)]]
    ]
    started = time.process_time()
    prover = Prover(groups, map(read_class, CLASSES), "1.36")
    outcomes = Counter(prover.prove([claim]).outcome.value for claim in claims)
    seconds = time.process_time() - started
    sys.stdout.write(
        f"{NUMBER:,} claims, {sum(len(each.devices) for each in groups)} devices: {seconds:.2f} s of CPU\n"
    )
    sys.stdout.write(", ".join(f"{name}: {count:,}" for name, count in sorted(outcomes.items())) + "\n")


if __name__ == "__main__":
    main()
