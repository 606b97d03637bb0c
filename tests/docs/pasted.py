"""Runs shell blocks of the documents as if a reader had pasted them.

The blocks run in a folder that looks like a checkout after ``make run``: ``.venv`` there is a
throw-away environment which sees the packages of this one, so that nothing is installed here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import venv
from importlib.metadata import distribution, entry_points
from pathlib import Path

from support.host import free_port
from support.storm_size import chosen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECONDS = 150
FULL = bool(chosen(0, 1))
"""Whether this is `make soak`: pip alone installs, and demo_app is the real one everywhere."""
SCRIPTS = {
    "cookiecutter": "cookiecutter.__main__:main",
    "oslo-config-generator": "oslo_config.generator:main",
    "pip": "pip._internal.cli.main:main",
    "pytest": "pytest:console_main",
}
"""Commands that are there besides our own."""

QUICK_PIP = HERE / "quick_pip.py"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str, heading: str = "") -> list[str]:
    """The fenced blocks of one language, all or those under one heading of the second level."""
    text = (ROOT / document).read_text(encoding="utf-8")
    if heading:
        (text,) = re.findall(
            rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
    return [body for kind, body in _BLOCK.findall(text) if kind == language]


class Reader:
    """Somebody who pastes.

    Attributes:
        folder: the checkout, as it looks to them.
        port: stands for 5000.
        site: the packages of their environment.

    Args:
        folder: where the checkout is to be.
        light: whether the light demo_app does (`light_demo.py`), but for `make soak`.
        pip: whether pip alone installs, and not `quick_pip.py`.
    """

    def __init__(self, folder: Path, *, light: bool = False, pip: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self._make_venv(folder / ".venv", quick=not (pip or FULL))
        if light and not FULL:
            package = self.site / "demo_app"
            package.mkdir()
            (package / "__init__.py").touch()
            shutil.copy(HERE / "light_demo.py", package / "api.py")

    def paste(self, *pasted: str) -> str:
        """Run blocks one after the other in one shell, then end what they have left running.

        Returns:
            what they printed to the standard output.
        """
        script = "set -e\n" + "\n".join(pasted).replace("127.0.0.1:5000", f"127.0.0.1:{self.port}")
        log = self.folder / "log"
        with log.open("wb") as errors:
            shell = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
            try:
                said = self._read(shell)
            finally:
                end(shell)
        assert shell.returncode == 0, f"{said}\n{log.read_text()}"
        return said

    def _read(self, shell: subprocess.Popen[str]) -> str:
        # A host in the background holds the pipe open: there is no end of the file to wait for.
        assert shell.stdout is not None
        shell.wait(SECONDS)
        os.set_blocking(shell.stdout.fileno(), False)
        return shell.stdout.read() or ""

    def environment(self) -> dict[str, str]:
        """What is set in their shell."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))},
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "OS_DEFAULT__LISTEN_PORT": str(self.port),
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say that there is none.
            "PIP_NO_DEPS": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # More threads would wait for each other, on processors that others use too.
            "OMP_NUM_THREADS": "1",
            "PYTEST_ADDOPTS": _without_plugins(),
            # A training that is asked to stop may have to wait for a processor before it does.
            "OS_DEFAULT__CANCEL_GRACE": "60",
        }

    def _make_venv(self, folder: Path, *, quick: bool) -> None:
        venv.create(folder, symlinks=True)
        (self.site,) = (folder / "lib").glob("python*/site-packages")
        paths = sysconfig.get_paths()
        # addsitedir also reads the .pth files there, by which editable packages are found.
        (self.site / "the_real_one.pth").write_text(
            f"import site; site.addsitedir({paths['purelib']!r})\n"
        )
        python = folder / "bin" / "python"
        for name, call in {**_own_scripts(), **SCRIPTS}.items():
            script = folder / "bin" / name
            module, _, function = call.partition(":")
            code = f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n"
            if name == "pip" and quick:
                code = f"import runpy\nrunpy.run_path({str(QUICK_PIP)!r}, run_name='__main__')\n"
            script.write_text(f"#!{python}\n{code}")
            script.chmod(0o755)


def _own_scripts() -> dict[str, str]:
    points = distribution("deepaas").entry_points.select(group="console_scripts")
    return {point.name: point.value for point in points}


def _without_plugins() -> str:
    """Options that leave out the plugins that only these tests have: some take a second each."""
    plugins = {point.name for point in entry_points(group="pytest11")}
    ours = distribution("deepaas").entry_points.select(group="pytest11")
    return " ".join(f"-p no:{name}" for name in sorted(plugins - {point.name for point in ours}))


def end(shell: subprocess.Popen[str]) -> None:
    """End a shell and the hosts that it has left running; they share its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    if shell.stdout is not None:
        shell.stdout.close()
