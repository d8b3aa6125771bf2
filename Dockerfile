# Three images: `sekisho`, the filter; `postfix`, a Postfix that asks it; and `unbound`, the resolver that it asks. For a
# trial, or as a pattern for your own: docs/containers.md.
#
# Not built in this project's tests, which have no container engine: only the syntax of docker-compose.yml is checked
# there. The digests are those of the images for all architectures. What the images are made of (lock files, Postfix settings, options) is tested.

# --- what is built, with compilers that the images do not keep
FROM python:3.11.13-slim-bookworm@sha256:86adf8dbadc3d6e82ee5dd2c74bec2e1c2467cdad47886280501df722372d2e1 AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev libmilter-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
RUN python -m venv /opt/sekisho && /opt/sekisho/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY milter milter
COPY config config
COPY packaging/sekisho.cdx.json packaging/catalogue.py packaging/
RUN /tools/bin/python -m hatchling build -t wheel -d /wheels \
    && /opt/sekisho/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

# --- the filter
FROM python:3.11.13-slim-bookworm@sha256:86adf8dbadc3d6e82ee5dd2c74bec2e1c2467cdad47886280501df722372d2e1 AS sekisho
# Fixed numbers, so that both images agree on who may pass the socket's directory.
RUN apt-get update && apt-get install --yes --no-install-recommends libmilter1.0.1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 5001 postfix \
    && useradd --uid 5000 --user-group --no-create-home --home-dir /var/lib/sekisho --shell /usr/sbin/nologin sekisho \
    && install -d -o sekisho -g postfix -m 2710 /var/spool/postfix/sekisho \
    && install -d -o sekisho -g sekisho -m 0700 /var/lib/sekisho \
    && install -d -o sekisho -g sekisho -m 0750 /run/sekisho
COPY --from=build /opt/sekisho /opt/sekisho
ENV PATH=/opt/sekisho/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8
USER sekisho
WORKDIR /var/lib/sekisho
EXPOSE 9119
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9119/readyz', timeout=4)"]
# SIGTERM drains: sessions under way are finished first.
STOPSIGNAL SIGTERM
ENTRYPOINT ["sekisho"]
CMD ["serve", "--config", "/etc/sekisho/sekisho.toml"]

# --- a Postfix beside it
FROM debian:bookworm-20250811-slim@sha256:b1a741487078b369e78119849663d7f1a5341ef2768798f7b7406c4240f86aef AS postfix
RUN groupadd --gid 5001 postfix \
    && echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections \
    && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postfix \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 5000 -g postfix -m 2710 /var/spool/postfix/sekisho
COPY config/postfix/main.cf config/postfix/master.cf /usr/local/share/sekisho/
COPY --chmod=0755 config/docker/postfix.sh /usr/local/sbin/start-postfix
EXPOSE 25
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/25 && read -r -t 4 line <&3 && [[ $line == 220* ]]"]
CMD ["/usr/local/sbin/start-postfix"]

# --- a resolver beside it
FROM debian:bookworm-20250811-slim@sha256:b1a741487078b369e78119849663d7f1a5341ef2768798f7b7406c4240f86aef AS unbound
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends unbound dns-root-data \
    && rm -rf /var/lib/apt/lists/* \
    && install -o unbound -g unbound -m 0644 /usr/share/dns/root.key /var/lib/unbound/root.key
EXPOSE 53/udp 53/tcp
CMD ["unbound", "-d"]
