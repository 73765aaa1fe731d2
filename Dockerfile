# Built from the project's root: docker build -t footnote:0.1.0 .
# A tag may be another image tomorrow. Look its digest up (docker buildx imagetools inspect python:3.11-slim), then:
#   docker build --build-arg BASE=python:3.11-slim@sha256:... -t footnote:0.1.0 .
ARG BASE=python:3.11-slim
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
