# The tool in an image: docker build --tag blueprint . && docker run --rm --volume "$PWD:/work" blueprint validate
#
# The base is pinned by its version. Pin its content too where you build for others:
#   docker build --build-arg BASE=python:3.13.5-slim-bookworm@sha256:... .
ARG BASE=python:3.13.5-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY blueprint ./blueprint
COPY components ./components
COPY overlays ./overlays
COPY schemas ./schemas
COPY workloads ./workloads
RUN python -m venv /opt/blueprint \
    && /opt/blueprint/bin/pip install --quiet ".[cel,promql]"
# What is made of shipped files is cached beside them now: later nobody may write there.
COPY examples/h100-training/blueprint.yaml /tmp/blueprint.yaml
RUN /opt/blueprint/bin/blueprint validate --quiet /tmp/blueprint.yaml

FROM ${BASE}
# git reads REVISION:PATH. Its version follows the base's release of Debian.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /work \
    && useradd --uid 65532 --no-create-home --shell /usr/sbin/nologin blueprint
COPY --from=build /opt/blueprint /opt/blueprint
ENV PATH=/opt/blueprint/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["blueprint"]
CMD ["help"]
