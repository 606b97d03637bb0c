"""Variables: both names of an option, names that are near, and those of container platforms."""

from __future__ import annotations

import pytest

from deepaas import config
from deepaas.config.environment import OTHERS

KUBERNETES = {
    "DEEPAAS_SERVICE_HOST": "10.0.0.1",
    "DEEPAAS_SERVICE_PORT": "5000",
    "DEEPAAS_SERVICE_PORT_HTTP": "5000",
    "DEEPAAS_PORT": "tcp://10.0.0.1:5000",
    "DEEPAAS_PORT_5000_TCP": "tcp://10.0.0.1:5000",
    "DEEPAAS_PORT_5000_TCP_PROTO": "tcp",
    "DEEPAAS_PORT_5000_TCP_PORT": "5000",
    "DEEPAAS_PORT_5000_TCP_ADDR": "10.0.0.1",
}
"""What the kubelet gives a container beside a service called *deepaas*."""

DOCKER = {
    "DEEPAAS_PORT": "tcp://172.17.0.5:5000",
    "DEEPAAS_PORT_5000_TCP": "tcp://172.17.0.5:5000",
    "DEEPAAS_PORT_5000_TCP_PROTO": "tcp",
    "DEEPAAS_NAME": "/web/deepaas",
    "DEEPAAS_ENV_LISTEN_PORT": "5000",
    "DEEPAAS_ENV_WORKERS": "x",
}
"""What Docker gives a container that is linked to one called *deepaas*."""


def of_service(name: str) -> dict[str, str]:
    return {key.replace("DEEPAAS", name): value for key, value in KUBERNETES.items()}


def remarks(**environment: str) -> list[str]:
    return list(config.remarks(environment, config.door_options()))


@pytest.mark.parametrize(
    "environment",
    [
        KUBERNETES,
        DOCKER,
        *map(of_service, ("DEEPAAS_UI", "DEEPAAS_MODEL", "DEEPAAS_LISTEN", "DEEPAAS_WORKERS")),
        {**of_service("DEEPAAS_MODEL"), "DEEPAAS_MODEL_NAME": "/web/deepaas-model"},
        {**KUBERNETES, "DEEPAAS_PORT": "5000"},
    ],
)
def test_what_container_platforms_tell_of_neighbours_is_no_option(
    environment: dict[str, str],
) -> None:
    assert config.load([], environment, []) == config.load([], {}, [])
    assert remarks(**environment) == []


def test_an_option_beside_a_service_of_nearly_its_name() -> None:
    environment = {**of_service("DEEPAAS_MODEL"), "DEEPAAS_MODEL_NAME": "one"}
    assert config.load([], environment, []).model_name == ("one",)


@pytest.mark.parametrize(
    "name,meant",
    [
        ("DEEPAAS_LISEN_PORT", "DEEPAAS_LISTEN_PORT"),
        ("DEEPAAS_PORT", "DEEPAAS_LISTEN_PORT"),
        ("DEEPAAS_HOST", "DEEPAAS_LISTEN_IP"),
        ("DEEPAAS_WORKRES", "DEEPAAS_WORKERS"),
        ("deepaas_listen_port", "DEEPAAS_LISTEN_PORT"),
        ("DEEPAAS__LISTEN_PORT", "DEEPAAS_LISTEN_PORT"),
        ("DEEPAAS_COG_STRICKT", "DEEPAAS_COG_STRICT"),
        ("DEEPAAS_V2_MODL", "DEEPAAS_V2_MODEL"),
        ("DEEPAAS_MODL_NAME", "DEEPAAS_MODEL_NAME"),
        ("OS_DEFAULT__LISEN_PORT", "OS_DEFAULT__LISTEN_PORT"),
        ("OS_DEFAULT_LISTEN_PORT", "OS_DEFAULT__LISTEN_PORT"),
        ("OS_COG__STRICKT", "OS_COG__STRICT"),
    ],
)
def test_an_unknown_variable_is_told_with_the_near_one(name: str, meant: str) -> None:
    assert remarks(**{name: "8080"}) == [
        f"{name} is not an option of deepaas-run. Did you mean {meant}?"
    ]


@pytest.mark.parametrize("name", ["OS_DEFAULT__XYZ", "OS_COG__XYZ"])
def test_an_unknown_variable_of_ours_is_told(name: str) -> None:
    assert remarks(**{name: "1"}) == [f"{name} is not an option of deepaas-run"]


@pytest.mark.parametrize(
    "name",
    [
        *("OS_AUTH_URL", "OS_USERNAME", "OS_DEFAULT_DOMAIN", "OS_PROJECT_NAME", "OS_REGION_NAME"),
        *("DEEPAAS_TEST_DIR", "DEEPAAS_DATA_DIR", "DEEPAAS_MODEL_DIR", "DEEPAAS_CACHE"),
        *("DEEPAAS_SAMPLES", "DEEPAASX", "PATH", "OS_SERVICE_TOKEN", "OS_OTHER__WORKERS"),
        *sorted(OTHERS),
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert remarks(**{name: "1"}) == []


def test_of_both_names_the_short_one_counts_and_the_log_says_so() -> None:
    both = {"DEEPAAS_LISTEN_PORT": "1", "OS_DEFAULT__LISTEN_PORT": "2"}
    assert config.load([], both, []).listen_port == 1
    said = "OS_DEFAULT__LISTEN_PORT has no effect because DEEPAAS_LISTEN_PORT is also set"
    assert remarks(**both) == [said]
    assert remarks(**dict.fromkeys(both, "1")) == []
