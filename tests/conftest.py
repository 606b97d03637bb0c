"""What holds for every test: under CI nothing is skipped, and a storm has a size.

What a session shares ends with the last tests that use it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Generator
from typing import Any, TypeVar

import pytest
from support.storm_size import Size, chosen

# webargs imports distutils, and with it all of setuptools where that puts itself in its place: a
# fifth of what a worker takes to start. What is in Python serves as well, as long as it is there.
if sys.version_info < (3, 12):
    os.environ.setdefault("SETUPTOOLS_USE_DISTUTILS", "stdlib")

# aiohttp reads the authorities that the system trusts when it is imported, for as long as a quarter
# of its import. Nothing here is signed by one of them; `make soak` downloads packages.
if not os.environ.get("DEEPAAS_SOAK"):
    os.environ.setdefault("SSL_CERT_FILE", os.devnull)

# Several processes run at a time: threads of one that wait for each other take the others' time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts this in the background has it ignore Ctrl-C, which all that is started would
# inherit: many tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


class NoSkips:
    """Makes a failure of every skipped test or module: a missing tool must not go unnoticed."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        return _failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
        return _failed_if_skipped((yield))


class LastUses:
    """Ends each fixture of the session after the groups of tests that use it.

    Hosts, browsers and other servers would go on to the end otherwise, and take a hundredth of a
    processor each.
    """

    def __init__(self) -> None:
        self._tests_left: Counter[str] = Counter()
        self._users: defaultdict[pytest.FixtureDef[Any], set[str]] = defaultdict(set)
        self._made: list[pytest.FixtureDef[Any]] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self._tests_left[_group(item)] += 1
            for fixture in _shared(item):
                self._users[fixture].add(_group(item))

    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        if fixturedef in self._users:
            self._made.append(fixturedef)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        yield
        self._tests_left[_group(item)] -= 1
        unused = [one for one in self._made if not any(map(self._tests_left.get, self._users[one]))]
        for fixture in reversed(unused):
            self._made.remove(fixture)
            fixture.finish(item._request)  # type: ignore[attr-defined]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LastUses())
    if _under_ci():
        # As a plugin and not in this file, so that it also sees demo_app/tests.
        config.pluginmanager.register(NoSkips())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each module to one process as a whole, unless it says with whom it shares a host.

    Those with slow tests come first, so that no process is left alone with one in the end.
    """
    slow_counts: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        slow_counts[_group(item)] += item.get_closest_marker("slow") is not None
    items.sort(key=lambda item: -slow_counts[_group(item)])


def pytest_collection_finish(session: pytest.Session) -> None:
    """See to it that modules are kept together: pytest 9.2 does not let pytest-xdist 3.8 do it."""
    grouping = session.config.getoption("loadgroup", default=False)
    if grouping and session.items and "@" not in session.items[0].nodeid:
        raise pytest.UsageError("tests are not kept together: install pytest as in constraints.txt")


def _shared(item: pytest.Item) -> list[pytest.FixtureDef[Any]]:
    """The fixtures of the session that a test uses, also through others."""
    found = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    return [one for several in found for one in several if one.scope == "session"]


def _group(item: pytest.Item) -> str:
    return "_".join(sorted(str(mark.args[0]) for mark in item.iter_markers("xdist_group")))


@pytest.fixture(scope="session")
def size() -> Size:
    return chosen


def _under_ci() -> bool:
    return os.environ.get("CI", "false").lower() not in ("", "0", "false")


def _failed_if_skipped(report: Report) -> Report:
    if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
        report.outcome = "failed"
    return report
