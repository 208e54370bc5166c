# Built in two stages: the image that runs has neither a compiler nor pip.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /source
RUN python3 -m venv /opt/sockguard
COPY requirements.lock ./
RUN /opt/sockguard/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    --report installed.json -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY policies policies
COPY sockguard sockguard
COPY image image
RUN /opt/sockguard/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/sockguard/bin/pip uninstall --yes pip setuptools \
 && /opt/sockguard/bin/python image/sbom.py installed.json >/opt/sockguard/sbom.cdx.json \
 && /opt/sockguard/bin/python -m compileall -q /opt/sockguard

FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sockguard" \
      org.opencontainers.image.description="A firewall for the Docker Engine's socket" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/sockguard /opt/sockguard
# pip, and what would bring it back.
RUN python3 -m pip --version >/dev/null 2>&1 \
    && python3 -m pip uninstall --yes --root-user-action=ignore pip ; \
    rm -rf "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/ensurepip" \
 && ! python3 -m pip --version 2>/dev/null
# Volumes take over the owner of the folder that they cover: here that of the process.
RUN install --directory --owner=65532 --group=65532 /run/sockguard \
 && install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/sockguard/audit
ENV PATH=/opt/sockguard/bin:$PATH \
    SOCKGUARD_AUDIT_DIR=/var/lib/sockguard/audit
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["sockguard", "health"]
ENTRYPOINT ["sockguard"]
CMD ["serve"]
