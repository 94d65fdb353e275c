"""What Kubernetes cannot set and what must be provided outside of the platform, written to prerequisites."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.topics import TOPICS
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, Sources, by_relevance, flatten
from blueprint.records import Record


class Prerequisite(Record):
    """One thing that must be true before the platform works; `scope` is `cluster` or a pool."""

    scope: str
    what: str
    noted: Sources

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every line that demands it, the deciding one first."""
        return flatten(self.noted)


def prerequisites(platform: Platform) -> tuple[Prerequisite, ...]:
    """Everything, cluster first, then pool by pool."""
    found: list[Prerequisite] = []
    for scope, sentences in _scoped(platform):
        with recording() as sources:
            texts = list(sentences)
        found += [Prerequisite(scope, text, by_relevance(sources)) for text in texts]
    return tuple(found)


def _scoped(platform: Platform) -> Iterator[tuple[str, Iterator[str]]]:
    """The sentences of each matter with lines of its own, and their scope."""
    for topic in TOPICS:
        yield from (("cluster", sentences) for sentences in topic.cluster_prerequisites(platform))
    for pool in platform.pools:
        for topic in TOPICS:
            yield from ((pool.name, sentences) for sentences in topic.pool_prerequisites(pool, platform))
