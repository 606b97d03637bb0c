"""Copies the files of the chosen start, creates a git repository, and prints the next steps."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

AUTHOR = {{ (cookiecutter.author_name | authors(cookiecutter.author_email))[0] }}
DEEPAAS = {{ cookiecutter.__deepaas | quoted }}
LICENSE = {{ cookiecutter.open_source_license | quoted }}
PACKAGE = {{ cookiecutter.__package | quoted }}
REPOSITORY = {{ cookiecutter.__repo_name | quoted }}
START = {{ cookiecutter.start | quoted }}


def take_start(start: str) -> None:
    """Move the files of one start into the project, and remove the others."""
    chosen = Path("starts") / start
    for file in sorted(path for path in chosen.rglob("*") if path.is_file()):
        place = Path(file.relative_to(chosen))
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    shutil.rmtree("starts")


def link_metadata() -> None:
    """Make ai4-metadata.yml part of the package: the hub reads it here, the model reads it there."""
    Path("src", PACKAGE, "ai4-metadata.yml").symlink_to("../../ai4-metadata.yml")


def make_repository() -> str:
    """Create a git repository with a first commit.

    Returns:
        a message for the author; empty if all went well.
    """
    if shutil.which("git") is None:
        return "git is not installed. To create a git repository later, run: git init"
    # If git has no name and e-mail, on a new machine for example, use those of the author.
    identity = []
    for key, value in (("name", AUTHOR["name"]), ("email", AUTHOR["email"] or "nobody@localhost")):
        if not _git("config", f"user.{key}").stdout.strip():
            identity += ["-c", f"user.{key}={value}"]
    commands = (
        ["-c", "init.defaultBranch=main", "init", "--quiet"],
        ["add", "--all"],
        # Do not run the user's hooks, and do not ask for the passphrase of a key.
        [*identity, "-c", "commit.gpgsign=false", "commit", "--quiet", "--no-verify"]
        + ["--message", f"Start from the DEEPaaS template ({START})"],
    )
    for command in commands:
        done = _git(*command)
        if done.returncode:
            return f"could not create the first git commit: {done.stderr.strip()}"
    return ""


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


def way_here() -> str:
    """This folder, as `cd` gets there from where the author is: the shell says where."""
    here = Path.cwd()
    way = os.path.relpath(here, os.environ.get("PWD", "/"))
    return str(here) if way.startswith("..") else way


def main() -> None:
    """Finish the project."""
    take_start(START)
    link_metadata()
    if LICENSE == "none":
        Path("LICENSE").unlink()
    trouble = make_repository()
    if trouble:
        print(trouble, file=sys.stderr)
    print(f"{REPOSITORY} is ready. Next:\n")
    print(f"  cd {shlex.quote(way_here())}")
    if DEEPAAS and importlib.util.find_spec("deepaas") is None:
        # Until 2.7 is on PyPI, pip finds no deepaas that the package works with.
        print(f"  pip install {shlex.quote(DEEPAAS)}")
    print("  pip install --editable '.[serve,test]'")
    print("  pytest")
    print(f"  deepaas-run --model-name {PACKAGE} --reload\n")
    if AUTHOR["name"] == "Your Name":
        print("Git knows no name of yours: set the author in pyproject.toml.")
    print("README.md tells the rest.")


main()
