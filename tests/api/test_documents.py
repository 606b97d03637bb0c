"""The documents of a live host with real packages: valid, and kept to by what it answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compat.hosts import Host, serving, wait_until_ended
from compat.installed import declared
from compat.peer import our_program
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator
from support.storm_size import chosen

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"
NOT_SERVED = {
    # These raise or break their own schema when an argument tells them to.
    "accept_header",
    "returned",
    "schema_class",
    "schema_dict",
}
TRAINED = "new_style"
"""The model that trains, with a file among its arguments."""

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
]
CONFIG = """
[checks.not_a_server_error]
# What a model or this version does not implement is documented.
expected-statuses = ["2xx", "3xx", "4xx", "501"]
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    models = {
        name: target for name, target in declared("compat_models").items() if name not in NOT_SERVED
    }
    names = [option for name in [*models, "demo_app"] for option in ("--model-name", name)]
    with serving(our_program(), models, tmp_path_factory.mktemp("host") / "host", *names) as host:
        yield host


@pytest.fixture(scope="module")
def openapi(host: Host) -> dict[str, Any]:
    document: dict[str, Any] = host.get("/openapi.json").json()
    return document


def test_openapi_document_is_valid(openapi: dict[str, Any]) -> None:
    OpenAPIV30SpecValidator(openapi).validate()
    assert {"/v2/models/demo_app/predict/", "/v2/models/demo_app/train/"} <= openapi["paths"].keys()


def test_openapi_document_has_what_works_by_model(host: Host, openapi: dict[str, Any]) -> None:
    paths = openapi["paths"]
    trained = {path.split("/")[3] for path in paths if path.endswith("/train/")}
    known = {path.split("/")[3] for path in paths if path.endswith("/predict/")}
    assert "demo_app" in trained and known - trained
    # DEEPaaS 2.6 does not ask what a model has, and programs find there what they find in it.
    swagger = host.get("/swagger.json").json()["paths"]
    for name in known | trained:
        post = swagger[f"/v2/models/{name}/train/"]["post"]
        assert post["x-implemented"] == (name in trained), name
    assert "/v2/debug/" in swagger
    assert "/v2/debug/" not in paths  # It is not switched on.
    tags = {tag["name"] for tag in openapi["tags"]}
    for path, item in paths.items():
        for operation in item.values():
            (tag,) = operation["tags"]
            if "/models/" in path.removesuffix("/models/"):
                assert tag in tags or tag == "oip", path


def test_swagger_document_is_valid_but_for_the_dialect_of_deepaas(host: Host) -> None:
    document = host.get("/swagger.json").json()
    _forget_dialect(document)
    assert [error.message for error in OpenAPIV2SpecValidator(document).iter_errors()] == []


def _forget_dialect(value: Any) -> None:
    """What DEEPaaS writes, its clients read and Swagger 2.0 has no words for.

    Objects and values of any kind in the query, cookies, and null as a default.
    """
    if isinstance(value, list):
        value[:] = [each for each in value if not _is_foreign_parameter(each)]
        for each in value:
            _forget_dialect(each)
    elif isinstance(value, dict):
        if "default" in value and value["default"] is None:
            del value["default"]
        for each in value.values():
            _forget_dialect(each)


def _is_foreign_parameter(value: Any) -> bool:
    if not isinstance(value, dict) or "in" not in value or value["in"] == "body":
        return False
    kinds = {value.get("type"), value.get("items", {"type": "string"}).get("type")}
    return value["in"] == "cookie" or not kinds.isdisjoint({None, "object"})


def test_generated_requests_get_documented_answers(
    host: Host, openapi: dict[str, Any], tmp_path: Path
) -> None:
    # Many times the same routes: one model's trainings say as much as all. Its train returns at
    # once, and the trainings that are begun end with the host.
    # Those of other doors have tests of their own.
    others = rf"/models/(?!{TRAINED}/)[^/]+/train/|^/(cog|deepinv|oip)/"
    paths = [path for path in openapi["paths"] if not re.search(others, path)]
    said = generated(host, CONFIG, tmp_path, "--exclude-path-regex", others)
    assert f"{sum(len(openapi['paths'][path]) for path in paths)} selected" in said


def test_generated_requests_about_a_training(
    host: Host, openapi: dict[str, Any], tmp_path: Path
) -> None:
    answer = host.train(TRAINED, query={"epochs": "1"})
    target = f"/v2/models/{TRAINED}/train/{answer.json()['uuid']}"
    assert wait_until_ended(host, target)["status"] == "done"
    config = f'[parameters]\n"path.uuid" = "{answer.json()["uuid"]}"\n{CONFIG}'
    one_training = rf"^/v2/models/{TRAINED}/train/\{{uuid\}}"
    paths = [path for path in openapi["paths"] if re.search(one_training, path)]
    assert len(paths) == 6
    said = generated(host, config, tmp_path, "--include-path-regex", one_training)
    assert f"{sum(len(openapi['paths'][path]) for path in paths)} selected" in said
    assert wait_until_ended(host, target)["status"] == "done"


def generated(host: Host, config: str, folder: Path, *options: str) -> str:
    """Sends generated requests, and answers what Schemathesis says, if it has nothing to say."""
    (folder / "schemathesis.toml").write_text(config)
    command: list[str | Path] = [
        Path(sys.executable).parent / "schemathesis",
        *("--config-file", folder / "schemathesis.toml"),
        *("run", f"http://127.0.0.1:{host.port}/openapi.json"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", str(chosen(3, 10))),
        *("--request-timeout", "60"),
        *("--suppress-health-check", "all"),
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-color",
        *options,
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("media_type", ["application/json", "image/png", "application/zip"])
def test_a_real_picture_gets_a_documented_answer(host: Host, media_type: str) -> None:
    import schemathesis

    document = schemathesis.openapi.from_url(f"http://127.0.0.1:{host.port}/openapi.json")
    case = document["/v2/models/demo_app/predict/"]["POST"].Case(
        body={"image": SEVEN.read_bytes()},  # type: ignore[dict-item]
        media_type="multipart/form-data",
        headers={"Accept": media_type},
    )
    response = case.call()
    case.validate_response(response)
    assert response.status_code == 200
    assert response.headers["content-type"][0].partition(";")[0] == media_type
    if media_type == "application/json":
        assert json.loads(response.content)["label"] == "7"
