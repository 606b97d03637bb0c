"""``deepaas-run --help`` and ``--help-all``."""

from __future__ import annotations

import re

import pytest

from deepaas import config
from deepaas.options import declared, of_doors
from deepaas.settings import Settings


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        config.load(words, {}, [])
    assert stopped.value.code == 0
    return capsys.readouterr().out


def listed(text: str) -> list[tuple[str, str, str]]:
    """Options that may be switched off, their names, what is said of them."""
    found: list[tuple[str, str, str]] = re.findall(
        r"^  --(\[no-\])?([\w-]+)(.*(?:\n {8}.*)*)", text, re.MULTILINE
    )
    return found


@pytest.mark.usefixtures("wide")
def test_all_options_are_shown_once_with_unit_and_default(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = helped(capsys, "--help-all")
    found = {name: (no, " ".join(about.split())) for no, name, about in listed(text)}
    names = [name for _, name, _ in listed(text)]
    fields = {field.name.replace("_", "-"): field for field in declared(Settings)}
    fields |= {door.command_line(field): field for door in of_doors() for field in door.fields}
    assert sorted(names) == sorted({*fields, *names})
    assert set(names) - set(fields) == {
        *("config-file", "config-dir", "check-config"),
        *("shell_completion", "version", "help-all"),
    }
    for name, field in fields.items():
        no, about = found[name]
        if isinstance(field.default, bool):
            assert no == "[no-]"
            assert about.endswith(f"(default: {'on' if field.default else 'off'})")
        else:
            # With a short name, Python 3.13 has the unit behind that alone.
            assert re.match(r"(, -\w )?[A-Z={}]+", about), name
        if field.default not in ((), "", True, False):
            default = field.default
            text_of = f"{default:g}" if isinstance(default, float) else str(default)
            assert f"default: {text_of})" in about
    assert not re.search(r"--no(?!-)(?!tes)\w", text)


@pytest.mark.usefixtures("wide")
def test_the_short_help_has_what_people_start_with_and_leads_to_the_rest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = helped(capsys, "--help")
    names = [name for _, name, _ in listed(text)]
    assert {"model-name", "listen-ip", "listen-port", "workers", "help-all"} <= set(names)
    assert "header-timeout" not in names and not any(name.startswith("cog-") for name in names)
    assert "examples:\n  deepaas-run\n" in text
    assert text.rstrip().splitlines()[-1].startswith("'deepaas-run --help-all' shows all options")
    assert text.index("\nmodels:") < text.index("\naddress:") < text.index("\nother:")
    assert helped(capsys, "-h") == text


@pytest.mark.usefixtures("wide")
def test_its_lines_fit_and_options_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    text = helped(capsys, "--workers", "2", "--help-all")
    assert max(map(len, text.splitlines())) <= 100
    assert not re.search(r"--?$", text, re.MULTILINE)
