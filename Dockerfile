# syntax=docker/dockerfile:1
# One static binary with the admin, the mail templates and the migrations inside.

FROM node:20-bookworm-slim AS admin
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM golang:1.26-bookworm AS program
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY app/ app/
COPY migrations/ migrations/
COPY extensions/ extensions/
COPY frontend/*.go frontend/
COPY --from=admin /src/frontend/dist/ frontend/dist/
# Without cgo there is nothing to link against, so the last stage can be empty.
# Time zones come with the program: a shop's days are counted in its own zone.
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags timetzdata -ldflags "-s -w -X afterglow/app/boot.Version=$VERSION" -o /out/afterglow ./app \
	&& mkdir -p /out/data

FROM scratch
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=program /out/afterglow /afterglow
# 65532 is "nonroot" by convention; the volume takes over its owner from here.
COPY --from=program --chown=65532:65532 /out/data /data
USER 65532:65532
ENV DATA_DIR=/data LISTEN_ADDR=:8080 LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
# Exec form: there is no shell in here.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
	CMD ["/afterglow", "doctor", "--ready", "http://127.0.0.1:8080/readyz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/afterglow"]
CMD ["serve"]
