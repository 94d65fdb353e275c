"""The platform, newly applied to the lab for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from tests.support.drift_platform import Applied, apply, bundle_of, platform


@pytest.fixture(scope="session")
def connection(lab: Any) -> Iterator[Connection]:
    opened = connect(str(lab.kubeconfig))
    yield opened
    opened.close()


@pytest.fixture
def applied(connection: Connection, namespace: str) -> Applied:
    """The platform, newly applied under a blueprint name of its own."""
    bundle = bundle_of(f"drift-{uuid.uuid4().hex[:8]}", platform(namespace))
    apply(bundle, connection)
    return Applied(bundle, namespace, connection)
