"""Everything but predictions: pages, redirects, unknown paths, wrong methods."""

from __future__ import annotations

from .. import differences as differ
from .case import Case, accept

ROUTES = [
    Case("root", "/"),
    Case("root asked for JSON", "/", headers=accept("application/json")),
    Case("root asked for anything", "/", headers=accept("*/*")),
    Case("version", "/v2/"),
    Case("models", "/v2/models/", differs=(differ.NO_PLACEHOLDER,)),
    Case("model", "/v2/models/old_style/"),
    Case("model with a query", "/v2/models/old_style/?a=1"),
    Case("model that overrides id and name", "/v2/models/only_metadata/"),
    Case("model without metadata", "/v2/models/nothing/", differs=(differ.NO_PLACEHOLDER,)),
    Case(
        "model whose metadata is not implemented",
        "/v2/models/not_implemented/",
        differs=(differ.NO_PLACEHOLDER,),
    ),
    Case("hub model", "/v2/models/hub/"),
    Case("model with a longer name", "/v2/models/static-methods.v1_2/"),
    Case("model, escaped", "/v2/models/old%5Fstyle/"),
    Case("instance", "/v2/models/instance/"),
    Case("class", "/v2/models/class_methods/"),
    Case("debug, disabled", "/v2/debug/", 204),
    Case("user interface", "/ui", 302),
    Case("interface", "/api", differs=(differ.CURRENT_SWAGGER_UI,)),
    *[
        Case(f"missing slash: {method} {target}", target, status, method)
        for method, target, status in [
            ("GET", "/v2", 308),
            ("GET", "/v2?a=1&b=%20", 308),
            ("GET", "/v2/models", 308),
            ("GET", "/v2/models/old_style", 308),
            ("GET", "/v2/models/old_style/train", 308),
            ("GET", "/v2/debug", 308),
            ("POST", "/v2/models/old_style/predict", 308),
            ("POST", "/v2/models/old_style/predict?a=1", 308),
            ("POST", "/v2/models/old_style/train", 308),
            ("GET", "/v2/models/old_style/predict", 404),
            ("POST", "/v2/models", 404),
            ("POST", "/v2", 404),
        ]
    ],
    Case("doubled slash", "//v2/", 308),
    Case("doubled slashes inside", "/v2//models/", 308),
    Case("doubled slash, missing slash", "/v2//models", 308),
    Case("training with a slash too many", "/v2/models/old_style/train/abc/", 404),
    Case("description with a slash too many", "/swagger.json/", 404),
    *[
        Case(f"unknown: {target}", target, 404)
        for target in ["/v3/", "/v2/nothing/", "/v2/models/unknown/", "/favicon.ico", "/v2/x"]
    ],
    Case("unknown: predict", "/v2/models/unknown/predict/", 404, "POST"),
    Case("unknown: path outside", "/v2/models/..%2f..%2fetc/", 404),
    *[
        Case(f"wrong method: {method} {target}", target, 405, method)
        for method, target in [
            ("POST", "/v2/"),
            ("DELETE", "/v2/models/"),
            ("POST", "/v2/models/old_style/"),
            ("PUT", "/v2/models/old_style/"),
            ("GET", "/v2/models/old_style/predict/"),
            ("PUT", "/v2/models/old_style/predict/"),
            ("PATCH", "/v2/models/old_style/train/"),
            ("DELETE", "/v2/models/old_style/train/"),
            ("POST", "/v2/models/old_style/train/abc"),
            ("POST", "/swagger.json"),
            ("POST", "/v2/debug/"),
            ("OPTIONS", "/v2/models/old_style/predict/"),
        ]
    ],
    Case("wrong method: POST /", "/", 405, "POST"),
]
