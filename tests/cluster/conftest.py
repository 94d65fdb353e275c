"""Fixtures that the tests of plan and apply share: an administrator's connection, and a unique blueprint name."""

from __future__ import annotations

import uuid

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from tests.support.waits import PATIENCE


@pytest.fixture
def cluster(lab) -> Connection:
    """The shared lab, as its administrator."""
    return connect(str(lab.kubeconfig), timeout=PATIENCE)


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"
