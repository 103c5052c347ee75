# The service in a container, made by the scripts that make it everywhere else.
#
#   docker build --tag candour .
#   docker run --read-only --tmpfs /tmp --shm-size 512m --volume candour-data:/data --publish 127.0.0.1:8000:8000 candour
#
# Nothing but /data is written to; files are cleaned of metadata in /dev/shm, which is memory. Settings are environment variables that start with CANDOUR_.

FROM python:3.13.7-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /candour
COPY scripts/environment scripts/install.py scripts/
COPY scripts/requirements/service.txt scripts/requirements/
RUN scripts/environment service
COPY scripts/serve scripts/
COPY alembic.ini ./
COPY migrations migrations
COPY app app
RUN .venv/bin/python -m compileall -q app migrations \
    && install -d -m 0700 -o 10001 -g 10001 /data

FROM python:3.13.7-slim-bookworm
# mat2 removes metadata from files that people send; the release of Debian is pinned by the base.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends mat2 \
    && rm -rf /var/lib/apt/lists/*
ENV CANDOUR_DATA_FOLDER=/data HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /candour
COPY --from=build /candour /candour
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["scripts/serve"]
CMD ["--host", "0.0.0.0"]
