"""Fixtures for the tests of a model package: a real host serves its model.

pytest loads this module in every run, so it only imports pytest until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from deepaas.client import Client
    from deepaas.testing.served import ServedModel

_SERVED = pytest.StashKey["ServedModel"]()
_LOG_START = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options to pytest's configuration file."""
    parser.addini(
        "deepaas_model",
        "name or path of the model for deepaas_host (default: the only model of this project)",
    )
    parser.addini("deepaas_options", "more options of deepaas-run for deepaas_host", type="args")


@pytest.fixture(scope="session")
def deepaas_model(pytestconfig: pytest.Config) -> str:
    """The model under test: the name of its entry point, or a path."""
    chosen = str(pytestconfig.getini("deepaas_model"))
    if chosen:
        return chosen
    from deepaas.testing.detection import Undecided, detect

    try:
        return detect(pytestconfig.rootpath)
    except Undecided as error:
        problem = str(error)
    pytest.fail(f"deepaas_model: {problem}", pytrace=False)


@pytest.fixture(scope="session")
def deepaas_host(
    deepaas_model: str, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedModel]:
    """A host that serves the model, with its ``url`` and its ``log`` so far."""
    from deepaas.testing.served import ServedModel

    served = ServedModel(
        deepaas_model,
        tmp_path_factory.mktemp("deepaas"),
        list(pytestconfig.getini("deepaas_options")),
        pytestconfig.rootpath,
    )
    try:
        if problem := served.trouble():
            pytest.fail(f"deepaas_host: {problem}", pytrace=False)
        pytestconfig.stash[_SERVED] = served
        yield served
    finally:
        served.stop()


@pytest.fixture(scope="session")
def deepaas_client(deepaas_host: ServedModel) -> Iterator[Client]:
    """A client of the host."""
    from deepaas.client import Client

    with Client(deepaas_host.url) as client:
        yield client


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Record the length of the host's log before a test."""
    if (served := item.config.stash.get(_SERVED, None)) is not None:
        item.stash[_LOG_START] = len(served.log)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what the host has logged during a failed test."""
    report = yield
    served = item.config.stash.get(_SERVED, None)
    if report.failed and served is not None and _LOG_START in item.stash:
        from deepaas.testing.served import tail

        said = served.log[item.stash[_LOG_START] :]
        if said.strip():
            report.sections.append(("Host's log", tail(said)))
    return report
