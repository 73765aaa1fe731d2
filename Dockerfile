# Built from the project's root: docker build -t footnote:0.1.0 .
FROM python:3.11-slim
WORKDIR /app
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
