"""A component that is installed through the Operator Lifecycle Manager.

The operator's own bundle determines its pods and the images of its operands. We render the request for it (namespace,
OperatorGroup, Subscription) and the custom resources that configure it.
"""

from __future__ import annotations

from blueprint.catalog.components import Component
from blueprint.catalog.olm import Olm
from blueprint.platform.tracking.recorder import decided_by, record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import PlatformView

PLATFORM_PROMETHEUS = "openshift-monitoring"
USER_PROMETHEUS = "openshift-user-workload-monitoring"
OWN_PROMETHEUSES = (PLATFORM_PROMETHEUS, USER_PROMETHEUS)
"""OpenShift's own Prometheus instances. They do not read their own namespaces, but those of the operators."""


class PlatformOlm:
    """The Subscription of an operator. Every property records the distribution, which is the reason why OLM installs
    it.
    """

    def __init__(self, olm: Olm, component: Component, platform: PlatformView) -> None:
        self._olm = olm
        self._component = component
        self._platform = platform

    def _record(self, key: str) -> None:
        decided_by(self._platform.cluster.distribution)
        record(Source("component", self._component.span("olm", key), f"olm.{key}"))

    @tracked_property
    def namespace(self) -> str:
        """The namespace of the operator and its objects."""
        self._record("namespace")
        return self._olm.namespace

    @tracked_property
    def package(self) -> str | None:
        """The operator's package."""
        self._record("package")
        return self._olm.package

    @tracked_property
    def channel(self) -> str | None:
        """The package's channel."""
        self._record("channel")
        return self._olm.channel

    @tracked_property
    def starting_csv(self) -> str | None:
        """The version that is installed first; None if the cluster's catalogue has only its own."""
        self._record("startingCsv")
        return self._olm.starting_csv

    @tracked_property
    def unlisted(self) -> str | None:
        """Why none of its images can be listed."""
        return self._olm.unlisted

    @tracked_property
    def monitoring(self) -> str:
        """Whether the cluster's own Prometheus reads the namespace: not if the blueprint declares another one."""
        self._record("namespace")
        watched = self._platform.observability
        return "true" if watched is None or watched.prometheus_namespace == PLATFORM_PROMETHEUS else "false"
