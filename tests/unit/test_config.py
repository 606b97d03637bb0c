"""Options: every one of them, from every place, and what stops the start."""

from __future__ import annotations

import ast
import dataclasses
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import deepaas
from deepaas import config
from deepaas.config.files import IGNORED_KEYS
from deepaas.errors import ConfigError
from deepaas.options import declared, of_doors, variables
from deepaas.settings import Settings

VALUES: dict[str, Any] = {
    "model_name": ("one", "two"),
    "workers": ("3", "one=1..4"),
    "scale_down_after": 5.0,
    "gpus": ("one=0,1", "two=0.5"),
    "warm": False,
    "reload": True,
    "model_python": ("one=/usr/bin/python3",),
    "batch": ("one=16", "two=auto"),
    "executor": "far",
    "listen_ip": "0.0.0.0",
    "listen_port": 8080,
    "listen": ("127.0.0.1:5000", "unix:/run/deepaas.sock doors=v2+oip mode=0600"),
    "base_path": "/base",
    "tls_cert": "/etc/cert.pem",
    "tls_key": "/etc/key.pem",
    "tls_key_password_file": "/run/secrets/password",
    "tls_client_ca": "/etc/clients.pem",
    "tls_client_auth": "optional",
    "keys_file": "/etc/keys.json",
    "api_key_file": "/run/secrets/key",
    "public_docs": True,
    "oidc_issuer": "https://issuer.example",
    "oidc_audience": ("host", "*"),
    "oidc_grant": ("* read", "groups=/vo read+predict one"),
    "allowed_host": ("example.org", ".example.net"),
    "allowed_origin": ("https://example.org",),
    "trusted_proxy": ("10.0.0.0/8", "192.0.2.1/32"),
    "queue_size": 0,
    "queue_timeout": 2.5,
    "predict_timeout": 1.5,
    "warm_timeout": 20.0,
    "check_timeout": 3.0,
    "cancel_grace": 0.5,
    "drain_timeout": 0.0,
    "limit_per_address": "100/minute",
    "limit_per_key": "10 at once",
    "limit_per_model": "one = 5/second",
    "client_max_size": 2**40,
    "keep_predictions": "500",
    "max_connections": 100,
    "max_connections_per_address": 10,
    "header_timeout": 5.0,
    "body_timeout": 30.0,
    "keep_alive_timeout": 15.0,
    "send_timeout": 20.0,
    "train_endpoint": False,
    "train_workers": 2,
    "train_queue_size": 5,
    "state_dir": "/tmp/state",
    "database_url": "postgresql+asyncpg://host/trainings",
    "keep_runs": "100,30d",
    "predict_endpoint": False,
    "root_protocol": ("cog",),
    "doc_endpoint": False,
    "ui": False,
    "debug_endpoint": True,
    "metrics": False,
    "metrics_listen": "127.0.0.1:9090",
    "debug": True,
    "log_level": "WARNING",
    "log_format": "json",
    "log_file": "/tmp/deepaas.log",
    "access_log": "-",
    "otel_endpoint": "http://collector:4318",
}
"""Another value than the default for every option."""

DEFAULTS = Settings(doors={one.door: one.kind() for one in of_doors() if one.kind})


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in declared(Settings):
        for name in variables(field):
            monkeypatch.delenv(name, raising=False)


def load(*argv: str, environment: Mapping[str, str] | None = None) -> Settings:
    return config.load(argv, environment, [])


def written(folder: Path, *lines: str) -> str:
    path = folder / "deepaas.conf"
    path.write_text("\n".join(["[DEFAULT]", *lines, ""]))
    return str(path)


def _variable(name: str, prefix: str = "OS_DEFAULT__") -> str:
    return f"{prefix}{name.upper()}"


def _as_arguments(name: str, value: Any) -> Sequence[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no{option}"]
    if isinstance(value, tuple):
        return [word for each in value for word in (f"--{option}", each)]
    return [f"--{option}", str(value)]


def _as_lines(name: str, value: Any) -> Sequence[str]:
    return [f"{name} = {each}" for each in (value if isinstance(value, tuple) else [value])]


def test_the_table_has_every_option() -> None:
    fields = declared(Settings)
    assert list(VALUES) == [field.name for field in fields]
    assert not [field.name for field in fields if VALUES[field.name] == field.default]


@pytest.mark.parametrize("given", ["--ui", "DEEPAAS_UI", "ui = true"])
def test_page_without_gradio(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)  # As if it was not installed.
    file = tmp_path / "deepaas.conf"
    file.write_text(f"[DEFAULT]\n{given if '=' in given else ''}\n")
    argv = [given] if given.startswith("--") else []
    environment = {given: "true"} if given.isupper() else {}
    with pytest.raises(ConfigError, match=r"--ui: .*: pip install 'deepaas\[ui\]'"):
        config.load(argv, environment, [str(file)])
    assert config.load([], {}, []).ui  # It goes without.


def test_defaults() -> None:
    assert load() == DEFAULTS


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_an_option_on_the_command_line(name: str, value: Any) -> None:
    assert load(*_as_arguments(name, value)) == dataclasses.replace(DEFAULTS, **{name: value})


@pytest.mark.parametrize("name", [name for name, value in VALUES.items() if value is False])
def test_a_switch_with_a_dash_after_no(name: str) -> None:
    settings = load(f"--no-{name.replace('_', '-')}")
    assert dataclasses.asdict(settings) == {**dataclasses.asdict(DEFAULTS), name: False}


@pytest.mark.parametrize(
    "option,meant",
    [
        ("--no-workers", "--workers"),
        ("--no-u", "--no-ui"),
        ("--no-nothing", ""),
        ("--lisen-port", "--listen-port"),
        ("--port=8080", "--listen-port"),
        ("--host", "--listen-ip"),
        ("--list", "--listen, --listen-ip or --listen-port"),
        ("--list=3", "--listen, --listen-ip or --listen-port"),
        ("--unlike", ""),
    ],
)
def test_an_unknown_option_is_told_with_the_near_one(option: str, meant: str) -> None:
    name = option.partition("=")[0]
    hint = f". Did you mean {meant}?" if meant else ""
    with pytest.raises(ConfigError) as raised:
        load(option)
    assert raised.value.message == f"no such option: {name}{hint}"


def test_models_that_stand_apart() -> None:
    assert load("one", "two", "--workers", "2").model_name == ("one", "two")
    with pytest.raises(ConfigError, match=r"^'two' must be next to the other models"):
        load("one", "--workers", "2", "two")


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_an_option_in_a_file(name: str, value: Any, tmp_path: Path) -> None:
    file = written(tmp_path, *_as_lines(name, value))
    expected = dataclasses.replace(DEFAULTS, **{name: value})
    assert load("--config-file", file) == expected
    assert load("--config-dir", str(tmp_path)) == expected


@pytest.mark.parametrize("prefix", ["OS_DEFAULT__", "DEEPAAS_"])
@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_an_option_in_the_environment(name: str, value: Any, prefix: str) -> None:
    (field,) = (field for field in declared(Settings) if field.name == name)
    separator = field.metadata.get("separator", ",")
    text = separator.join(value) if isinstance(value, tuple) else str(value)
    settings = load(environment={_variable(name, prefix): text})
    assert settings == dataclasses.replace(DEFAULTS, **{name: value})


def test_no_option_is_without_effect() -> None:
    used = {
        node.attr
        for path in Path(deepaas.__file__).parent.rglob("*.py")
        if path.name != "config.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    fields = [*declared(Settings), *(field for door in of_doors() for field in door.fields)]
    assert [field.name for field in fields if field.name not in used] == []


def test_the_command_line_before_the_environment_before_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "workers = 2", "queue_size = 2")
    monkeypatch.setenv("OS_DEFAULT__QUEUE_SIZE", "3")
    monkeypatch.setenv("OS_DEFAULT__LISTEN_PORT", "3")
    settings = load("--config-file", file, "--listen-port", "4", "--workers", "4")
    assert (settings.queue_size, settings.listen_port, settings.workers) == (3, 4, ("4",))


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_the_command_line_wins_over_both(
    name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (field,) = (field for field in declared(Settings) if field.name == name)
    other = "elsewhere" if field.metadata.get("multiple") else str(field.default)
    file = written(tmp_path, f"{name} = {other}")
    monkeypatch.setenv(_variable(name), other)
    for words in (["--config-file", file], [f"--config-file={file}"], ["--config-f", file]):
        assert getattr(load(*words, *_as_arguments(name, value)), name) == value


@pytest.mark.parametrize("value", ["warning", "Warning", "WARNING"])
def test_choices_in_any_case(value: str, tmp_path: Path) -> None:
    file = written(tmp_path, f"log_level = {value}")
    for settings in (
        load("--log-level", value),
        load("--config-file", file),
        load(environment={"DEEPAAS_LOG_LEVEL": value}),
    ):
        assert settings.log_level == "WARNING"


def test_short_options() -> None:
    settings = load("-p", "4", "-d")
    assert (settings.workers, settings.debug) == (("4",), True)


@pytest.mark.parametrize(
    ("argv", "variable", "expected"),
    [
        ([], "", ()),
        ([], "one", ("one",)),
        ([], "one, two,,one", ("one", "two")),
        (["--model-name", "one"], "two", ("one",)),
        (["--model-name", "one", "--model-name=two"], "", ("one", "two")),
        (["--model-name", "one,two", "--model-name", "one"], "", ("one", "two")),
    ],
)
def test_model_names(argv: list[str], variable: str, expected: tuple[str, ...]) -> None:
    environment = {"DEEPAAS_V2_MODEL": variable} if variable else {}
    assert load(*argv, environment=environment).model_name == expected


@pytest.mark.parametrize(
    ("given", "expected"), [("", ""), ("/", ""), ("/a", "/a"), ("/a/b/", "/a/b")]
)
def test_base_path(given: str, expected: str) -> None:
    assert load("--base-path", given).base_path == expected


WRONG = [
    ("listen_port", "99999"),
    ("listen_port", "http"),
    ("base_path", "no-slash"),
    ("base_path", "/{x}"),
    ("base_path", "/a b"),
    ("workers", "0"),
    ("queue_size", "-1"),
    ("predict_timeout", "-1"),
    ("client_max_size", "1MB"),
    ("log_level", "LOUD"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
@pytest.mark.parametrize("place", ["command line", "file", "environment"])
def test_wrong_values(
    name: str, value: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv: list[str] = []
    if place == "command line":
        argv = [f"--{name.replace('_', '-')}={value}"]
    elif place == "file":
        argv = ["--config-file", written(tmp_path, f"{name} = {value}")]
    else:
        monkeypatch.setenv(_variable(name), value)
    with pytest.raises(ConfigError) as raised:
        load(*argv)
    message = raised.value.message
    assert value in message
    assert name in message.replace("-", "_").lower()
    assert "\n" not in message


def test_a_wrong_value_for_a_switch(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="perhaps"):
        load("--config-file", written(tmp_path, "warm = perhaps"))


@pytest.mark.parametrize("argv", [["--unknown"], ["--workers"], ["--config-file=/no"]])
def test_wrong_command_lines(argv: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        load(*argv)
    assert "\n" not in raised.value.message


def test_unknown_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown option 'wokers'\. Did you mean workers\?"):
        load("--config-file", written(tmp_path, "wokers = 2"))
    with pytest.raises(ConfigError, match="unknown option 'wokers'"):
        load("--config-dir", str(tmp_path))


def test_a_dash_in_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'listen-port'\. Did you mean listen_port\?"):
        load("--config-file", written(tmp_path, "listen-port = 5012"))


def test_a_wrong_value_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OS_DEFAULT__WORKERS", "DEEPAAS_WORKERS"):
        monkeypatch.setenv(variable, "0")
        with pytest.raises(
            ConfigError, match=rf"^{variable}: '0' must be an integer of at least 1\.$"
        ):
            load()


def test_a_file_that_is_no_ini_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load("--config-file", written(tmp_path, "= = =", "nonsense"))


def test_keys_of_oslo_log_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = sorted(IGNORED_KEYS)
    lines = [f"{key} = something" for key in keys]
    with caplog.at_level(logging.WARNING):
        settings = load("--config-file", written(tmp_path, *lines, "workers = 2"))
    assert settings == dataclasses.replace(DEFAULTS, workers=("2",))
    assert len(caplog.messages) == len(keys)
    assert all(key in line for key, line in zip(keys, caplog.messages, strict=True))


def test_other_sections_are_left_alone(tmp_path: Path) -> None:
    file = written(tmp_path, "workers = 2", "[other]", "anything = 1")
    assert load("--config-file", file).workers == ("2",)


@pytest.mark.parametrize("content", [None, b"\xff\xfe[", b"[DEFAULT", b"x"])
def test_a_file_that_is_none_of_options_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "deepaas.conf"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.load(["--config-file", str(path)], {}, [])
    assert "\n" not in str(caught.value) and "codec" not in str(caught.value)
