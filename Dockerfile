# Built from the project's root: docker build -t footnote:0.1.0 .
# A tag may be another image tomorrow; a digest cannot. This one is the index, for every processor, of 2026-09-21:
#   check   docker buildx imagetools inspect python:3.11.16-slim-bookworm@sha256:...   (and docker-library's repo-info)
#   renew   docker buildx imagetools inspect python:3.11-slim-bookworm   prints today's digest: put it here, monthly
#           and when CPython or Debian mends something, or build with --build-arg BASE=python:3.11-slim-bookworm@sha256:...
ARG BASE=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
FROM ${BASE}
ARG BASE
RUN case "$BASE" in *@sha256:*) ;; *) echo "WARNING: the base image $BASE is named by a tag, which may change; see the Dockerfile's first lines." >&2 ;; esac
WORKDIR /app
# libseccomp: the list of system calls that a process which reads a document may make
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libseccomp2 && rm -rf /var/lib/apt/lists/*
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY retrieval retrieval
COPY connectors connectors
COPY audit audit
COPY bot bot
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --uid 10001 --no-create-home footnote
USER 10001
ENTRYPOINT ["footnote"]
CMD ["serve"]
