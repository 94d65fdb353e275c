"""Topics: one folder each, with fixed roles, and everything in it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.platform.topics import TOPICS, Topic

PLATFORM = Path(__file__).resolve().parents[2] / "blueprint" / "platform"
NO_TOPIC = {"tracking"}
"""Folders that track the lines of values; they are not topics of a platform."""
FOLDERS = {file.parent.name for file in PLATFORM.glob("*/__init__.py")} - NO_TOPIC


def modules_of(topic: Topic) -> set[str]:
    """The modules whose functions the topic lists."""
    prerequisites = (topic.cluster_prerequisites, topic.pool_prerequisites)
    return {each.__module__ for each in (*topic.checks, *topic.release_checks, *prerequisites)}


def test_every_folder_is_a_topic_and_every_topic_a_folder() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert set(names) == FOLDERS


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_checks(topic: Topic) -> None:
    assert topic.checks or topic.release_checks


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_what_a_folder_exports_is_listed(topic: Topic) -> None:
    folder = PLATFORM / topic.name
    listed = modules_of(topic)
    assert (folder / "prerequisites.py").exists() == (f"blueprint.platform.{topic.name}.prerequisites" in listed)
    assert (folder / "expectations.py").exists() == bool(topic.expectations)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_lists_checks_of_its_own_folder(topic: Topic) -> None:
    checks = {each.__module__ for each in (*topic.checks, *topic.release_checks)}
    assert all(name.startswith(f"blueprint.platform.{topic.name}.") for name in checks)


def test_no_check_is_expected_of_nodes_twice() -> None:
    slugs = [each.check.slug for topic in TOPICS for each in topic.expectations]
    assert len(set(slugs)) == len(slugs) > 20
