# cartlog with the adapters of all engines, as a user without rights. It serves on port 8080 and keeps what it has in /data.

FROM rust:1.95.0-slim-bookworm AS build
# librdkafka is built with configure and make, on the system's OpenSSL.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ libssl-dev make pkg-config \
 && rm -rf /var/lib/apt/lists/*
# The image's own toolchain, whatever components the repository's file asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0 CARGO_PROFILE_RELEASE_STRIP=debuginfo
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --profile dist --locked --features engines \
 && install -D target/dist/cartlog /out/cartlog

FROM debian:bookworm-20260803-slim
# OpenSSL, by which Kafka is spoken to.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libssl3 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin cartlog \
 && install --directory --owner cartlog --group cartlog --mode 700 /data
# Whom to trust when mail and engines are reached by TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --chmod=755 deploy/ready /usr/local/bin/ready
COPY --from=build /out/cartlog /usr/local/bin/
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV CARTLOG_LISTEN=0.0.0.0:8080 CARTLOG_DATA=/data CARTLOG_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5m --start-interval=1s --retries=3 CMD ["ready"]
ENTRYPOINT ["cartlog"]
CMD ["serve"]
