"""What the host refuses, or warns of, `deepaas-cli check` finds, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.check import Finding
from deepaas.errors import ConfigError
from deepaas.model.discovery import choose

from .many import Many

FIELDS = "from webargs import fields\n"
ARGS = FIELDS + 'def get_predict_args():\n    return {"text": fields.Str(load_default="a")}\n'
PREDICT = "def predict(text):\n    return {'text': text}\n"
GOOD = ARGS + PREDICT
TYPED = 'class Predictor:\n    def predict(self, text: str = "a") -> str:\n        return text\n'
ENTRY = '[project]\nname = "mine"\n[project.entry-points."deepaas.v2.model"]\nmine = "{}"\n'

REFUSED, WARNED, FAILS, SERVED = "refused", "warned", "fails", "served"
"""What becomes of it: it cannot be loaded, the log warns, a call fails, or nothing is wrong."""

CASES: Mapping[str, tuple[str, str, str]] = {
    # What the file is called, what is in it, and what becomes of it.
    "good": ("api.py", GOOD, SERVED),
    "good-class": ("model.py", f"{FIELDS}class Mine:\n    warm = print\n    def predict(self):\n"
                   "        return {}\n", SERVED),
    "good-typed": ("predict.py", TYPED, SERVED),
    "good-typed-function": ("predict.py", "def predict(a: int = 1) -> int:\n    return a\n",
                            SERVED),
    # While it is imported.
    "missing": ("api.py", f"import surely_nobody_has_this\n{GOOD}", REFUSED),
    "missing-typed": ("predict.py", f"import surely_nobody_has_this\n{TYPED}", REFUSED),
    "missing-name": ("api.py", f"from webargs import field\n{GOOD}", REFUSED),
    "missing-inner": ("api.py", f"import json.nowhere\n{GOOD}", REFUSED),
    "relative": ("api.py", f"from . import nowhere\n{GOOD}", REFUSED),
    "beyond": ("api.py", f"from ..above import nowhere\n{GOOD}", REFUSED),
    "syntax": ("api.py", "def get_predict_args(:\n    return {}\n", REFUSED),
    "syntax-typed": ("predict.py", TYPED.replace("str:", "str"), REFUSED),
    "indentation": ("api.py", GOOD.replace("    return", "return"), REFUSED),
    "name": ("api.py", f"{GOOD}x = Fields.Str()\n", REFUSED),
    "exits": ("api.py", f"raise SystemExit('usage')\n{GOOD}", REFUSED),
    "file": ("api.py", f"{GOOD}open('weights.pt')\n", REFUSED),
    "cuda": ("api.py", f"{GOOD}raise RuntimeError('Found no NVIDIA driver')\n", REFUSED),
    "crashes": ("api.py", f"import os\nos.abort()\n{GOOD}", REFUSED),
    "crashes-typed": ("predict.py", f"import os\nos._exit(3)\n{TYPED}", REFUSED),
    # What is there, and what it is called.
    "nothing": ("api.py", "x = 1\n", REFUSED),
    "no-file": ("notes.txt", "", REFUSED),
    "two-classes": ("model.py", "class A:\n    def predict(self): ...\n    def warm(self): ...\n"
                    "class B(A): ...\n", REFUSED),
    "predikt": ("api.py", f"{ARGS}{PREDICT.replace('predict', 'predikt')}", WARNED),
    "metadta": ("api.py", f"{GOOD}def get_metadta():\n    return {{}}\n", WARNED),
    "offers-nothing": ("api.py", "def get_metadata():\n    return {}\n", WARNED),
    "args-alone": ("api.py", ARGS, WARNED),
    "args-misspelt": ("api.py", GOOD.replace("get_predict_args", "get_predict_arg"), WARNED),
    "neither-typed": ("predict.py", TYPED.replace("predict(", "predikt("), REFUSED),
    "both-typed": ("predict.py", f"{TYPED}    def run(self) -> str:\n        return ''\n", REFUSED),
    "setup-misspelt": ("predict.py", f"{TYPED}    def setpu(self): ...\n", WARNED),
    "module-nowhere": ("pyproject.toml", ENTRY.format("nowhere.api"), REFUSED),
    "several-entries": ("pyproject.toml", f'{ENTRY.format("a")}other = "b"\n', REFUSED),
    "constructor": ("model.py", "class Mine:\n    def __init__(self, path): ...\n"
                    "    def warm(self): ...\n    def predict(self): ...\n", REFUSED),
    "constructor-typed": ("predict.py", f"{TYPED}    def __init__(self, a): ...\n", REFUSED),
    # What is declared.
    "args-raise": ("api.py", f"{GOOD.replace('fields.Str', 'fields.Text')}", REFUSED),
    "args-none": ("api.py", GOOD.replace("    return {\"text\"", "    {\"text\""), REFUSED),
    "args-class": ("api.py", GOOD.replace("fields.Str(load_default=\"a\")", "fields.Str"), REFUSED),
    "args-ask": ("api.py", GOOD.replace("get_predict_args()", "get_predict_args(self)"), REFUSED),
    "args-default": ("api.py", GOOD.replace("Str(load_default=\"a\")", "Float(load_default='one')"),
                     REFUSED),
    "args-default-out": ("api.py", GOOD.replace("Str(", "Str(validate=str.isdigit, "), WARNED),
    "args-type": ("api.py", GOOD.replace("fields.Str(load_default=\"a\")", "str"), REFUSED),
    "schema-text": ("api.py", f"{GOOD}schema = 'text'\n", REFUSED),
    "schema-object": ("api.py", f"import marshmallow as m\n{GOOD}schema = m.Schema()\n", REFUSED),
    "untyped": ("predict.py", TYPED.replace('text: str = "a"', "text"), REFUSED),
    "type": ("predict.py", TYPED.replace("text: str", "text: complex"), REFUSED),
    "default-typed": ("predict.py", TYPED.replace('"a"', "3"), REFUSED),
    "metadata-odd": ("api.py", f"{GOOD}def get_metadata():\n"
                     "    return {'name': 5, 3: 4}\n", WARNED),
    # What is called.
    "other-argument": ("api.py", f"{ARGS}def predict(txt):\n    return txt\n", WARNED),
    "undeclared": ("api.py", "def predict(text):\n    return text\n", WARNED),
    "forgets-return-typed": ("predict.py", TYPED.replace("return text", "x = text"), WARNED),
    "other-type": ("predict.py", TYPED.replace("return text", "return 0.5"), WARNED),
    "path-as-text": ("predict.py", f"import pathlib\n{TYPED.replace('-> str', '-> pathlib.Path')}",
                     WARNED),
    "nan": ("api.py", GOOD.replace("'text': text", "'text': float('nan')"), WARNED),
    "forgets-return": ("api.py", GOOD.replace("    return {'text'", "    x = {'text'"), WARNED),
    "left-out": ("api.py", GOOD.replace("load_default=\"a\"", ""), WARNED),
    "warm-fails": ("api.py", f"{GOOD}def warm():\n    raise OSError('no weights')\n", REFUSED),
    "setup-fails": ("predict.py", f"{TYPED}    def setup(self):\n        1 / 0\n", REFUSED),
    "setup-asks": ("predict.py", f"{TYPED}    def setup(self, device): ...\n", REFUSED),
    "raises": ("api.py", f"{ARGS}def predict(text):\n    return text / 2\n", FAILS),
    "raises-typed": ("predict.py", TYPED.replace("return text", "return text / 2"), FAILS),
    "breaks-schema": ("api.py", f"{GOOD}schema = {{'label': fields.Str(required=True)}}\n", FAILS),
    "not-json": ("api.py", GOOD.replace("'text': text", "'text': object()"), FAILS),
    "not-json-typed": ("predict.py", TYPED.replace("return text", "return {object()}"), FAILS),
}  # fmt: skip
WARNS = {
    *("function-misspelt", "parameter-undeclared", "argument-not-taken", "argument-left-out"),
    *("default-invalid", "nothing-returned", "result-odd", "metadata-odd", "offers-nothing"),
}
"""Codes of what the log of a host warns of."""
BROKEN = [name for name, (_, _, becomes) in CASES.items() if becomes != SERVED]


@dataclass(frozen=True)
class Both:
    """What both say of each case: findings with their severity, and what becomes of it."""

    findings: Mapping[str, list[Finding]]
    becomes: Mapping[str, str]
    log: str


def becomes(host: Host, name: str) -> str:
    wait_until(lambda: host.readiness(name)["status"] in ("ready", "broken"), f"{name} is loaded")
    if host.readiness(name)["status"] == "broken":
        return REFUSED
    if f"WARNING deepaas.workers.pool: [{name}]" in host.log():
        return WARNED
    answer = host.predict(name)
    if "x-deepaas-notice" in answer.headers:
        assert "x-deepaas-notice" in host.predict(name).headers
        return WARNED
    return SERVED if answer.status == 200 else FAILS


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("cases")
    sources: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, (file, text, _) in CASES.items():
        (folder / name).mkdir()
        (folder / name / file).write_text(text)
        sources[name] = f"{folder / name}/" + (file if file.endswith(".py") else "")
        try:
            choose([sources[name]])
        except ConfigError:
            refused[name] = REFUSED  # A host with this one would not start.
    told = Many(list(sources.values()))
    wanted = [f"{name}={path}" for name, path in sources.items() if name not in refused]
    options = ("--no-ui", "--notrain-endpoint", *(f"--model-name={one}" for one in wanted))
    with start_host([], *options, wait=False) as host:
        served = {name: becomes(host, name) for name in sources if name not in refused}
        host.wait_for_log("model 'metadata-odd': get_metadata: ")
        log = host.log()
    odd = [name for name in served if f"model {name!r}: get_metadata: " in log]
    served |= dict.fromkeys(odd, WARNED)
    # Not before the host has gone, which tries again and again what it could not load.
    found = told.findings()
    findings = {name: found[path] for name, path in sources.items()}
    yield Both(findings, refused | served, log)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_host_and_check_say_the_same(name: str, both: Both) -> None:
    assert both.becomes[name] == CASES[name][2]
    errors = [one.code for one in both.findings[name] if one.severity == "error"]
    told = {one.code for one in both.findings[name]}
    if both.becomes[name] in (REFUSED, FAILS):
        assert errors
    elif both.becomes[name] == WARNED:
        assert told & WARNS
    else:
        assert not errors


def test_log_tells_once_what_clients_are_told_each_time(both: Both) -> None:
    assert both.log.count("model 'nan': the result contains NaN or Infinity") == 1
    assert both.log.count("model 'other-type': predict returned a float, but declares str") == 1


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 40


def test_host_tells_of_each_in_its_authors_words(both: Both) -> None:
    for name, became in both.becomes.items():
        if f"[{name}/1]" in both.log:
            # Once for each attempt: on a busy machine there is time for several.
            told = f"[{name}/1] the model cannot be served" in both.log
            assert told == (became == REFUSED)
    assert "deepaas/runtime/" not in both.log
    assert "importlib" not in both.log
    assert "next attempt" not in both.log
