# syntax=docker/dockerfile:1
# One image for crawl, publish and serve; docs/deployment.md says how to run it.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/quintanas
# The libraries first: they change less often than the program, and each has to match its hash.
COPY requirements.lock ./
RUN /opt/quintanas/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY db db
COPY nlp nlp
COPY pipelines pipelines
COPY scraper scraper
RUN /opt/quintanas/bin/pip install --no-deps . \
    && find /opt/quintanas -name tests -path '*/site-packages/*' -type d -prune -exec rm -rf {} + \
    && /opt/quintanas/bin/pip uninstall --yes pip

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 quintanas \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin quintanas \
    && install -d -o quintanas -g quintanas /data
COPY --from=build /opt/quintanas /opt/quintanas
ENV PATH=/opt/quintanas/bin:$PATH QUINTANAS_DATA=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8001
# Asks the database, not only whether somebody listens. Of use for `serve`; the other commands switch it off.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8001/incidents/releases.json?_size=1', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["quintanas"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8001"]
