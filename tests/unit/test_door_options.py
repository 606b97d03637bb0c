"""Options that doors declare: every one of them, from every place, by its old name too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deepaas import config, options
from deepaas.errors import ConfigError
from deepaas.options import DoorOptions, option
from deepaas.protocols.cog.options import Options
from deepaas.settings import secret_variables, without_secrets

VALUES: dict[str, Any] = {
    "strict": True,
    "upload_url": "https://storage.example/outputs/",
    "private_urls": True,
    "shutdown": True,
}


@dataclass(frozen=True)
class Many:
    """A door of all kinds of options."""

    switch: bool = option(True, "A switch.")
    count: int = option(3, "A number.", min=1, max=9)
    seconds: float = option(0.5, "A time.", min=0)
    word: str = option("one", "A choice.", choices=("one", "two"))
    own_port: int = option(8080, "A port.", port=True)
    name: tuple[str, ...] = option((), "Names.", multiple=True)
    token: str = option("", "A secret.", secret=True)
    untold: int = 0


@dataclass(frozen=True)
class Clashes:
    """A door whose option is another's."""

    url: str = option("", "An URL.")


@dataclass(frozen=True)
class OwnFile:
    """A door with an option of oslo.config's."""

    file: str = option("", "A file.")


@dataclass(frozen=True)
class Short:
    """A door with an option of one letter."""

    port: int = option(1, "A port.", short="p")


@dataclass(frozen=True)
class Far:
    """A door whose default is beyond its limit."""

    count: int = option(10, "A number.", max=9)


@dataclass(frozen=True)
class Odd:
    """A door with an option of no kind."""

    table: bytes = option(b"", "A table.")


@dataclass(frozen=True)
class Needy:
    """A door with a field that is no option and has no default."""

    needed: int


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for door in options.of_doors():
        for field in door.fields:
            for name in door.variables(field):
                monkeypatch.delenv(name, raising=False)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> DoorOptions:
    return installed(monkeypatch, DoorOptions("of-many", Many))[0]


def installed(monkeypatch: pytest.MonkeyPatch, *doors: DoorOptions) -> Sequence[DoorOptions]:
    monkeypatch.setattr("deepaas.config.options.of_doors", lambda: doors)
    monkeypatch.setattr("deepaas.settings.of_doors", lambda: doors)
    return doors


def load(*argv: str, door: str = "cog") -> Any:
    return config.load(argv, None, []).doors[door]


def written(folder: Path, *lines: str) -> str:
    path = folder / "deepaas.conf"
    path.write_text("\n".join([*lines, ""]))
    return str(path)


def as_words(name: str, value: Any) -> list[str]:
    return [f"--{name}"] if value is True else [f"--{name}", value]


def test_the_table_has_every_option() -> None:
    (cog,) = (door for door in options.of_doors() if door.door == "cog")
    assert list(VALUES) == [field.name for field in cog.fields]
    assert load() == Options()


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_an_option_of_a_door(
    name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Options(**{name: value})
    assert load(*as_words(f"cog-{name.replace('_', '-')}", value)) == expected
    for section, key in (("cog", name), ("DEFAULT", f"cog_{name}")):
        assert load("--config-file", written(tmp_path, f"[{section}]", f"{key} = {value}")) == (
            expected
        )
    for prefix in ("DEEPAAS_COG_", "OS_COG__", "OS_DEFAULT__COG_"):
        variable = f"{prefix}{name.upper()}"
        with monkeypatch.context() as one:
            one.setenv(variable, str(value))
            assert load() == expected


@pytest.mark.parametrize("no", ["no", "no-"])
def test_a_switch_is_switched_off(no: str, tmp_path: Path) -> None:
    file = written(tmp_path, "[cog]", "strict = true")
    assert load("--config-file", file).strict
    assert not load("--config-file", file, f"--{no}cog-strict").strict


def test_the_place_counts_first_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "[DEFAULT]", "cog_upload_url = 1", "[cog]", "upload_url = 2")
    assert load("--config-file", file).upload_url == "2"
    monkeypatch.setenv("OS_DEFAULT__COG_UPLOAD_URL", "3")
    assert load("--config-file", file).upload_url == "3"
    monkeypatch.setenv("OS_COG__UPLOAD_URL", "4")
    assert load("--config-file", file).upload_url == "4"
    monkeypatch.setenv("DEEPAAS_COG_UPLOAD_URL", "5")
    assert load("--config-file", file).upload_url == "5"
    assert load("--config-file", file, "--cog-upload-url", "6").upload_url == "6"


@pytest.mark.parametrize("key", ["strickt", "cog_strict", "upload-url"])
def test_unknown_keys_in_its_section(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"unknown option '{key}' in \[cog\]\. Did you mean"):
        load("--config-file", written(tmp_path, "[cog]", f"{key} = 1"))


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "lines,complaint",
    [
        (("[of_manny]", "count = 2"), r"unknown section \[of_manny\]\. Did you mean \[of_many\]\?"),
        (("[of-many]", "count = 2"), r"unknown section \[of-many\]\. Did you mean \[of_many\]\?"),
        (("[OF_MANY]", "cuont = 2"), r"unknown option 'cuont' in \[of_many\]"),
    ],
)
def test_sections_that_are_nearly_its_own(
    lines: Sequence[str], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load("--config-file", written(tmp_path, *lines))


def test_options_that_cannot_be_had_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, DoorOptions("lost", None, ImportError("no such module")))
    with pytest.raises(ConfigError, match=r"--lost-any.*\. Could not load the options of lost: no"):
        load("--lost-any", "1")


@pytest.mark.parametrize(
    "lines", [("[cog]", "strict = perhaps"), ("[DEFAULT]", "cog_strict = perhaps")]
)
def test_a_wrong_value_in_a_file(lines: Sequence[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"strict.*perhaps"):
        load("--config-file", written(tmp_path, *lines))


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("count", "abc", "an integer from 1 to 9"),
        ("seconds", "-1", "a number of at least 0"),
        ("word", "three", "one of one, two"),
        ("own_port", "70000", "an integer from 0 to 65535"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_is_wanted(
    name: str, value: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "[of_many]", f"{name} = {value}")
    word = f"--of-many-{name.replace('_', '-')}"
    for argv, where in (
        ([word, value], word),
        (["--config-file", file], f"{file}: {name} in [of_many]"),
        (["--config-dir", str(tmp_path)], f"{file}: {name} in [of_many]"),
    ):
        with pytest.raises(ConfigError) as raised:
            load(*argv, door="of-many")
        assert raised.value.message == f"{where}: {value!r} must be {wanted}."
    variable = f"OS_OF_MANY__{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as raised:
        load(door="of-many")
    assert raised.value.message == f"{variable}: {value!r} must be {wanted}."


@pytest.mark.parametrize("variable", ["OS_COG__STRICT", "OS_DEFAULT__COG_STRICT"])
def test_a_wrong_value_in_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "perhaps")
    with pytest.raises(ConfigError, match=rf"^{variable}: 'perhaps' must be true or false\.$"):
        load()


@pytest.mark.usefixtures("many")
def test_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(door="of-many") == Many()
    expected = Many(False, 4, 1.5, "two", 80, ("a", "b"), "geheim")
    words = "--no-of-many-switch --of-many-count 4 --of-many-seconds 1.5 --of-many-word two"
    words += " --of-many-own-port 80 --of-many-name a --of-many-name b --of-many-token geheim"
    assert load(*words.split(), door="of-many") == expected
    lines = ["[of_many]", "switch = off", "count = 4", "seconds = 1.5", "word = two"]
    lines += ["own_port = 80", "name = a", "name = b", "token = geheim"]
    assert load("--config-file", written(tmp_path, *lines), door="of-many") == expected
    given = {"SWITCH": "false", "COUNT": "4", "SECONDS": "1.5", "WORD": "two", "OWN_PORT": "80"}
    for name, value in {**given, "NAME": "a,b", "TOKEN": "geheim"}.items():
        monkeypatch.setenv(f"OS_OF_MANY__{name}", value)
    assert load(door="of-many") == expected


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "words",
    [
        ("--of-many-count", "0"),
        ("--of-many-count", "10"),
        ("--of-many-seconds", "-1"),
        ("--of-many-word", "three"),
        ("--of-many-own-port", "70000"),
        ("--of-many-untold", "1"),
    ],
)
def test_values_are_checked(words: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match=words[0]):
        load(*words)


@pytest.mark.usefixtures("many")
def test_they_stand_in_the_help_by_door(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load("--help-all")
    section = capsys.readouterr().out.partition("of-many:\n  A door of all kinds")[2]
    assert "--of-many-token TEXT\n" in section
    assert "--[no-]of-many-switch\n        A switch. (default: on)" in section
    assert "--of-many-word {one,two}\n" in section
    assert "untold" not in section


def test_the_help_imports_no_route() -> None:
    program = (
        "import contextlib, sys; from deepaas import config\n"
        "with contextlib.suppress(SystemExit): config.load(['--help-all'])\n"
        "sys.exit('deepaas.protocols.cog.routes' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"--[no-]cog-strict" in said.stdout


def test_they_stand_in_the_sample(many: DoorOptions) -> None:
    listed = {str(getattr(group, "name", group)): found for group, found in config.list_opts()}
    assert [one.dest for one in listed["of_many"]] == [field.name for field in many.fields]


def test_secret_ones_are_kept_from_models(many: DoorOptions) -> None:
    names = ["DEEPAAS_OF_MANY_TOKEN", "OS_OF_MANY__TOKEN"]
    assert secret_variables() >= {*names, "DEEPAAS_DATABASE_URL", "OS_DEFAULT__DATABASE_URL"}
    environment = {**dict.fromkeys(names, "geheim"), "OS_OF_MANY__COUNT": "1", "PATH": "/"}
    assert many.variables(many.fields[-1]) == names
    assert without_secrets(environment) == {"OS_OF_MANY__COUNT": "1", "PATH": "/"}


def test_of_a_door_whose_options_are_unknown_any_may_be_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(monkeypatch, DoorOptions("lost", None, ImportError("no")), DoorOptions("many", Many))
    environment = {"OS_LOST__ANY": "geheim", "DEEPAAS_LOST_ANY": "geheim", "OS_MANY__COUNT": "1"}
    assert without_secrets(environment) == {"OS_MANY__COUNT": "1"}


@pytest.mark.parametrize(
    "name,kind,why",
    [
        ("cog-upload", Clashes, "duplicate option: --cog-upload-url"),
        ("config", OwnFile, "duplicate option: --config-file"),
        ("short", Short, "duplicate option: --short-port,-p"),
        ("far", Far, "default value 10"),
        ("default", Many, r"the section \[default\] is already used"),
        ("workers", Many, r"the section \[workers\] is already used"),
        ("odd", Odd, "bytes"),
    ],
)
def test_options_that_are_in_the_way_harm_nobody(
    name: str, kind: type[Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, DoorOptions("cog", Options), DoorOptions(name, kind))
    (cog, other) = config.door_options()
    assert cog.trouble is None
    assert other.kind is None
    with pytest.raises(Exception, match=why):
        raise other.trouble or AssertionError
    found = config.load(["--cog-strict"], None, []).doors
    assert found["cog"] == Options(strict=True)
    assert isinstance(found[name], type(other.trouble))


def test_what_is_no_dataclass_of_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "odd-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    here = __name__
    points = [f"a = {here}:Many", f"b = {here}:Needy", f"c = {here}:load", "d = no_such:Options"]
    (info / "entry_points.txt").write_text("\n".join(["[deepaas.protocol.options]", *points]))
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {door.door: door for door in options.of_doors.__wrapped__()}
    assert found["a"].kind is not None
    assert isinstance(found["b"].trouble, TypeError)
    assert isinstance(found["c"].trouble, TypeError)
    assert isinstance(found["d"].trouble, ModuleNotFoundError)
