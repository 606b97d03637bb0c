"""Blocks that are no commands: each is read by what would read it."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tomli
import yaml

from deepaas import config
from deepaas.options import declared
from deepaas.settings import Settings

HADOLINT = Path(sys.executable).parent / "hadolint"
NGINX = "/usr/sbin/nginx"

_NGINX_CONFIG = """
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  {temporary}
  {content}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def check_ini(body: str, folder: Path) -> None:
    """Options of the host are read by it; other files by Python's reader."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(body)
    options = {field.name for field in declared(Settings)}
    if options & set(parser.defaults()):
        file = folder / "fragment.conf"
        file.write_text(body)
        config.load(["--config-file", str(file)], {})


def check_json(body: str, _folder: Path) -> None:
    """What is shortened with `…` cannot be read; everything else can."""
    if "…" not in body:
        json.loads(body)


def check_yaml(body: str, _folder: Path) -> None:
    """All documents of the block."""
    assert list(yaml.safe_load_all(body)) != [None]


def check_toml(body: str, _folder: Path) -> None:
    """A part of a pyproject.toml, mostly."""
    tomli.loads(body)


def check_python(body: str, _folder: Path) -> None:
    """Code that becomes a file."""
    compile(body, "block", "exec")


def check_dockerfile(body: str, folder: Path) -> None:
    """As hadolint reads it."""
    file = folder / "Dockerfile"
    file.write_text(body)
    command = [str(HADOLINT), "--failure-threshold", "error", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def check_nginx(body: str, folder: Path) -> None:
    """As nginx reads it: a location in a server, everything else directly in `http`."""
    content = body
    if re.match(r"\s*location\b", body):
        content = f"server {{ listen 127.0.0.1:8080; {body} }}"
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    file = folder / "nginx.conf"
    file.write_text(_NGINX_CONFIG.format(folder=folder, temporary=temporary, content=content))
    command = [NGINX, "-t", "-p", str(folder), "-c", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


CHECKS: dict[str, Callable[[str, Path], None]] = {
    "dockerfile": check_dockerfile,
    "ini": check_ini,
    "json": check_json,
    "nginx": check_nginx,
    "python": check_python,
    "toml": check_toml,
    "yaml": check_yaml,
}
"""By language."""
