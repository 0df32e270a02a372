# Three stages: npm, its cache and the development packages stay in the first two. The server runs its TypeScript directly;
# what is built is the operators' page.
#
#   docker build -t offhook .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v offhook-data:/data --env-file .env --stop-timeout 330 -p 8080:8080 offhook
#
# The base is an exact version, but a tag can be moved. To pin its bytes too, put what
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim --format '{{.Manifest.Digest}}'
# prints behind the tag in each FROM line, as node:24.21.0-bookworm-slim@sha256:…; and change all together.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No development packages, no install scripts. Add --omit=optional to leave out the embedded agent (40 MB) when a cloud
# model answers.
RUN npm ci --omit=dev --ignore-scripts && mkdir /data

FROM node:24.21.0-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY src src
RUN ["node", "node_modules/vite/bin/vite.js", "build", "src/operator/page"]

FROM node:24.21.0-bookworm-slim
# Calls and recordings are kept in DATA_DIR, unless the env file sets it to none; nothing else is ever written, so all else
# may be read-only.
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=packages --chown=1000:1000 /data /data
COPY package.json ./
COPY vendor vendor
COPY src src
COPY --from=page /app/dist dist
# The image's `node`. As a number, because only that shows an orchestrator that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
