# A host with one model package:
#
#   docker build --tag my-model --build-arg PACKAGE=./my_package .
#   docker run --rm --publish 127.0.0.1:5000:5000 --volume my-model:/var/lib/deepaas my-model
#
# docs/how-to/containers.md tells the rest.
ARG PYTHON_VERSION=3.11

# --- everything that is installed is made here, with compilers --------------------------------

FROM python:${PYTHON_VERSION}-slim-bookworm AS build

# Extras of the host: postgresql, tensorboard, ui (the try-me page).
ARG EXTRAS=postgresql,tensorboard,ui
# What pip is to install: a folder beside this file, a name from the package index, git+https://…
ARG PACKAGE=./demo_app
# Where it finds what, https://download.pytorch.org/whl/cu126 for GPUs.
ARG EXTRA_INDEX=https://download.pytorch.org/whl/cpu

# What a compiler is good for today it is tomorrow: no versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential git \
    && rm -rf /var/lib/apt/lists/*

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

RUN python -m venv /opt/deepaas
WORKDIR /src

# The host first: it stays in the cache of the engine while the package changes.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY deepaas deepaas
RUN /opt/deepaas/bin/pip install --constraint constraints.txt ".[${EXTRAS}]"

COPY . .
RUN /opt/deepaas/bin/pip install --constraint constraints.txt \
    --extra-index-url "${EXTRA_INDEX}" "${PACKAGE}"

# --- and used here, without them --------------------------------------------------------------

FROM python:${PYTHON_VERSION}-slim-bookworm

# A number, so that Kubernetes sees that it is not root.
RUN groupadd --gid 10001 deepaas \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/deepaas \
        --shell /usr/sbin/nologin deepaas \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/deepaas

COPY --from=build /opt/deepaas /opt/deepaas

# Defaults of this image. DEEPAAS_LISTEN_PORT and the like come before these.
ENV PATH=/opt/deepaas/bin:$PATH \
    HOME=/var/lib/deepaas \
    OS_DEFAULT__LISTEN_IP=0.0.0.0 \
    OS_DEFAULT__LISTEN_PORT=5000 \
    OS_DEFAULT__STATE_DIR=/var/lib/deepaas

USER 10001:10001
WORKDIR /var/lib/deepaas
VOLUME /var/lib/deepaas
EXPOSE 5000

# Whether the host lives, not whether its models do: a restart would not mend a model.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-m", "deepaas.cmd.health"]

# SIGTERM lets running calls finish (DEEPAAS_DRAIN_TIMEOUT; `docker stop --time` must be longer).
STOPSIGNAL SIGTERM
CMD ["deepaas-run"]
