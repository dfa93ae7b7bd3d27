# The container image of Sluice. docs/container.md says how to build it and how to run it.

# The newest Node that calls itself LTS, on Debian stable. Another one has to have Node 20.19 or newer, npm and a
# shell.
ARG BASE=node:24-trixie-slim

FROM $BASE AS dependencies
WORKDIR /opt/sluice
COPY package.json package-lock.json ./
COPY container/sbom.mjs container/
RUN node container/sbom.mjs > sbom.cdx.json
# What only editors and debuggers read is left out: half of the bytes. Licenses stay. The secret `ca` holds certificates
# to trust, for networks whose proxy opens TLS; it may be absent.
RUN --mount=type=secret,id=ca,target=/run/ca.pem \
  NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f ! -iname 'licen*' ! -iname 'notice*' \
    \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete \
  && chmod -R a+rX node_modules sbom.cdx.json

FROM $BASE AS build
WORKDIR /opt/sluice
COPY package.json package-lock.json tsconfig.json ./
RUN --mount=type=secret,id=ca,target=/run/ca.pem \
  NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --ignore-scripts --no-audit --no-fund
COPY assembly assembly
COPY src src
RUN npm run --silent build \
  && find dist \( -name '*.d.ts' -o -name '*.d.cts' \) -delete \
  && chmod 755 dist/src/cli.js
COPY LICENSE ./
COPY configs configs
COPY container/health.mjs container/
# Whoever built this may have a strict umask; the user of the container has to read everything.
RUN chmod -R a+rX package.json LICENSE configs container dist

FROM $BASE
# Nothing is installed when the container runs, so no package manager is needed. Any other user id works as well; this
# one has a name because some programs ask for it.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* \
    /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && echo 'sluice:x:10001:' >> /etc/group \
  && echo 'sluice:x:10001:10001:Sluice:/data:/usr/sbin/nologin' >> /etc/passwd \
  && mkdir /data \
  && chown 10001:10001 /data \
  && ln -s /opt/sluice/dist/src/cli.js /usr/local/bin/sluice
WORKDIR /opt/sluice
COPY --from=dependencies /opt/sluice/node_modules node_modules
COPY --from=dependencies /opt/sluice/sbom.cdx.json ./
COPY --from=build /opt/sluice/package.json /opt/sluice/LICENSE ./
COPY --from=build /opt/sluice/configs configs
COPY --from=build /opt/sluice/container container
COPY --from=build /opt/sluice/dist/src dist/src

ENV NODE_ENV=production
USER 10001:10001
WORKDIR /data
# Kubernetes ignores this and has probes of its own. Images in the OCI format do not hold it: buildah and podman need
# `--format docker`.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "/opt/sluice/container/health.mjs"]
# Node is PID 1: the signals of the runtime reach Sluice itself.
ENTRYPOINT ["node", "/opt/sluice/dist/src/cli.js"]
CMD ["--help"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="Anonymizes FHIR bulk data while it streams" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.base.name="${BASE}" \
  fhir-sluice.sbom="/opt/sluice/sbom.cdx.json"
