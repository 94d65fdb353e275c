"""Prerequisites: what must be provided outside of the platform because Kubernetes cannot set it."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.topics import TOPICS
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, Sources, by_relevance, flatten
from blueprint.records import Record


class Prerequisite(Record):
    """One requirement for the platform to work; `scope` is `cluster` or a pool."""

    scope: str
    what: str
    noted: Sources

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources of the requirement, the deciding one first."""
        return flatten(self.noted)


def prerequisites(platform: Platform) -> tuple[Prerequisite, ...]:
    """All prerequisites, those of the cluster first, then by pool."""
    found: list[Prerequisite] = []
    for scope, sentences in _scoped(platform):
        with recording() as sources:
            texts = list(sentences)
        found += [Prerequisite(scope, text, by_relevance(sources)) for text in texts]
    return tuple(found)


def _scoped(platform: Platform) -> Iterator[tuple[str, Iterator[str]]]:
    """The sentences for each set of sources, and their scope."""
    for topic in TOPICS:
        yield from (("cluster", sentences) for sentences in topic.cluster_prerequisites(platform))
    for pool in platform.pools:
        for topic in TOPICS:
            yield from ((pool.name, sentences) for sentences in topic.pool_prerequisites(pool, platform))
