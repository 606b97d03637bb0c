"""Hosts started with other options, and what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import differences as differ
from ..wire import Part, json_body, multipart_body
from .case import Case


@dataclass(frozen=True)
class OptionCases:
    name: str
    cases: list[Case]
    options: tuple[str, ...] = ()
    base_path: str = ""
    config_file: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


TEXT = json_body({"plain": "a" * 3000})
FILE = multipart_body(Part("data", b"a" * 3000, "a.bin"))
SMALL = json_body({"plain": "a"})

WITH_OPTIONS = [
    OptionCases(
        "base path, one model, limited size",
        [
            Case("root without a slash", "/base"),
            Case("version", "/base/v2/"),
            Case("models", "/base/v2/models/"),
            Case("model", "/base/v2/models/old_style/"),
            Case("other model", "/base/v2/models/new_style/", 404),
            Case("missing slash", "/base/v2/models", 308),
            Case("predict", "/base/v2/models/old_style/predict/?plain=a", 200, "POST"),
            Case("user interface", "/base/ui", 302),
            Case("interface", "/base/api", differs=(differ.CURRENT_SWAGGER_UI,)),
            Case("version outside", "/v2/", 404),
            Case("description outside", "/swagger.json", 404),
            Case("small", "/base/v2/models/old_style/predict/", 200, "POST", body=SMALL),
            Case("too large", "/base/v2/models/old_style/predict/", 413, "POST", body=TEXT),
            Case("too large a file", "/base/v2/models/old_style/predict/", 413, "POST", body=FILE),
        ],
        options=("--model-name", "old_style", "--client-max-size", "2000"),
        base_path="/base",
    ),
    OptionCases(
        "endpoints disabled",
        [
            Case("root", "/"),
            Case("model", "/v2/models/old_style/"),
            Case("interface", "/api", 404),
            *[
                Case(f"{method} {target}", target, 402, method, differs=(differ.DISABLED,))
                for method, target in [
                    ("POST", "/v2/models/old_style/predict/"),
                    ("POST", "/v2/models/old_style/train/"),
                    ("GET", "/v2/models/old_style/train/"),
                    ("GET", "/v2/models/old_style/train/abc"),
                    ("DELETE", "/v2/models/old_style/train/abc"),
                ]
            ],
            Case("wrong method", "/v2/models/old_style/predict/", 405),
        ],
        options=("--nopredict-endpoint", "--notrain-endpoint", "--nodoc-endpoint"),
    ),
    OptionCases(
        "configuration file and environment",
        [
            Case("models", "/v2/models/"),
            Case("interface", "/api", 404),
            Case(
                "predict", "/v2/models/new_style/predict/", 402, "POST", differs=(differ.DISABLED,)
            ),
        ],
        options=("--config-file", "{folder}/deepaas.conf", "--nowarm"),
        config_file="[DEFAULT]\npredict_endpoint = false\ndoc_endpoint = False\nworkers = 2\n",
        environment={"DEEPAAS_V2_MODEL": "new_style"},
    ),
]
