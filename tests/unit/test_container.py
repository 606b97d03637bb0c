"""Dockerfile and compose.yaml, as far as they can be checked without an engine."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from deepaas import config

ROOT = Path(__file__).parents[2]


def instructions() -> list[list[str]]:
    """The instructions of the Dockerfile, in words."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line.strip()]


def ignored() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    told = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


def test_what_is_copied_is_there() -> None:
    copies = [words[1:] for words in instructions() if words[0] == "COPY"]
    from_context = [words[:-1] for words in copies if not words[0].startswith("--from=")]
    assert len(from_context) < len(copies), "nothing comes from the first stage"
    for source in (source for sources in from_context for source in sources):
        assert (ROOT / source).exists(), source
        assert source not in ignored()


def test_nothing_that_is_installed_is_ignored() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "deepaas", "demo_app"], cwd=ROOT, capture_output=True, text=True
    )
    assert tracked.stdout
    for file in map(Path, tracked.stdout.split()):
        for pattern in ignored():
            anywhere = pattern.startswith("**/")
            parts = file.parts if anywhere else file.parts[:1]
            assert not fnmatch.filter(parts, pattern.removeprefix("**/")), (file, pattern)


def test_arguments_are_declared_in_the_stage_that_uses_them() -> None:
    declared: set[str] = set()
    for words in instructions():
        if words[0] == "FROM":
            declared = set()
        elif words[0] == "ARG":
            declared.add(words[1].partition("=")[0])
        elif words[0] == "RUN":
            assert set(re.findall(r"\$\{(\w+)\}", " ".join(words))) <= declared


def test_the_last_stage_is_not_root_and_has_no_compiler() -> None:
    words = instructions()
    last = words[max(i for i, each in enumerate(words) if each[0] == "FROM") :]
    (user,) = [each[1] for each in last if each[0] == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert not any("apt-get" in word or "pip" in word for each in last for word in each)
    # With a shell in between, no signal would arrive.
    assert last[-1][:1] == ["CMD"]
    assert last[-1][1].startswith("[")


def test_compose_hangs_together() -> None:
    document = compose()
    services, volumes = document["services"], document["volumes"]
    model, database = services["model"], services["database"]
    assert model["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert database["healthcheck"]["test"][0] == "CMD"
    declared = {words[1].partition("=")[0] for words in instructions() if words[0] == "ARG"}
    assert set(model["build"]["args"]) <= declared
    used = {mount.partition(":")[0] for each in services.values() for mount in each["volumes"]}
    assert used == set(volumes)
    # Both need it, and nobody may forget it.
    assert (ROOT / "compose.yaml").read_text().count("${POSTGRES_PASSWORD:?") == 2


def test_compose_tells_the_host_what_it_understands() -> None:
    names = compose()["services"]["model"]["environment"]
    names |= {
        word.partition("=")[0]: word.partition("=")[2]
        for words in instructions()
        for word in words
        if word.startswith(("OS_DEFAULT__", "DEEPAAS_"))
    }
    known = {name for names in config.names_by_key([]).values() for name in names}
    assert set(names) <= known
