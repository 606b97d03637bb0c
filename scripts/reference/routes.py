"""The routes: those of ``/openapi/v2.json`` of a running host, and those that are not in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deepaas import config
from deepaas.access.key_ring import KeyRing
from deepaas.access.needs import Need, Reach, need_of
from deepaas.access.sessions import Sessions
from deepaas.app import DOORS, build_app, build_trainings, build_try_me, build_visitors
from deepaas.executor import NoExecutor
from deepaas.model.registry import Registry
from deepaas.notes import Notes
from deepaas.web.addresses import ListenAddress
from deepaas.web.health import Drain
from deepaas.web.login import Login
from scripts.reference.pages import summary, table

Json = dict[str, Any]
Route = tuple[str, str]

OTHERS: dict[str, str] = {
    "/api": "The Swagger page, with a form for every argument. Disabled by `--nodoc-endpoint`.",
    "/api/": "Redirects to `/api`.",
    "/doors.json": "All protocols, with links and example requests for each model. "
    "`http://HOST` stands for this host.",
    "/font-roboto/{name}": "Fonts for TensorBoard; never under `--base-path`.",
    "/healthz": "200 as long as the host is running.",
    "/health": "Redirects to `/healthz`.",
    "/login": "The login page, if the host has keys: a key becomes a cookie.",
    "/logout": "Ends the login.",
    "/metrics": "[Metrics](metrics.md) for Prometheus: for programs on this machine, and for keys "
    "with the right `metrics`. Elsewhere with `--metrics-listen`; off with `--nometrics`.",
    "/openapi.json": "All protocols of this host, as OpenAPI 3.0, by model.",
    "/openapi/{door}.json": "One of them: `v2`, `cog`, `deepinv`, `oip`, or one from another "
    "package.",
    "/readyz": "200 if every model accepts requests, otherwise 503. The body has the state "
    "of each model.",
    "/static/swagger/{name}": "Files of the Swagger page.",
    "/swagger.json": "The V2 API as Swagger 2.0, as in DEEPaaS 2.x.",
    "/tensorboard": "Redirects to `/tensorboard/`.",
    "/tensorboard/{tail}": "TensorBoard with the curves of all training runs.",
    "/try-me": "Redirects to `/try-me/`.",
    "/try-me/{tail}": "The [try-me page](../try-me.md): all models at `/try-me/`, one at "
    "`/try-me/{name}/`.",
    **{
        f"/{name}{end}": "Redirects to `/api`."
        for name in ("docs", "swagger", "ui")
        for end in ("", "/")
    },
}
"""What the host's own routes are for that are not in the document; those of doors say it."""

MODEL = """
from webargs import fields

def get_predict_args():
    return {"text": fields.Str()}

def predict(text):
    return text

def get_train_args():
    return {}

def train():
    pass
"""


def part() -> str:
    """An overview of all routes, then a section for each of the document."""
    document = openapi()
    described = list(_operations(document))
    routes = served()
    rows = [
        [method, f"`{path}`", routes[method, path].right, operation["summary"]]
        for (method, path), operation in described
    ]
    documented = {route for route, _ in described}
    others: dict[tuple[str, str, str], list[str]] = {}
    for (method, path), one in sorted(routes.items(), key=lambda entry: entry[0][::-1]):
        if (method, path) not in documented:
            told = path, one.right, one.text or OTHERS[path]
            others.setdefault(told, []).append("any" if method == "*" else method)
    rows += [
        [", ".join(methods), f"`{path}`", right, text]
        for (path, right, text), methods in others.items()
    ]
    sections = [_section(route, operation) for route, operation in described]
    return "\n\n".join([table(["method", "path", "right", ""], rows), *sections])


class ServedRoute(NamedTuple):
    """``text`` is what a door says of it."""

    right: str
    text: str


def served() -> dict[Route, ServedRoute]:
    """The routes of the application, without ``HEAD``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = config.load(["--state-dir", str(folder / "state")], {}, [])
        trainings = build_trainings(settings, [], folder, "mark", NoExecutor())
        page = build_try_me(settings, folder, "mark")
        app = build_app(
            settings,
            Registry([], settings.check_timeout),
            folder,
            Drain(),
            trainings,
            page,
            build_visitors(settings, [ListenAddress(ip="127.0.0.1")]),
            Notes(),
            login=Login(Sessions(KeyRing(), b""), ""),
        )
        titles = {route.handler: one.door.title for one in app[DOORS] for route in one.door.routes}
        return {
            (route.method, route.resource.canonical): ServedRoute(
                _right(need_of(route.method, route.handler)), _told(route.handler, titles)
            )
            for route in app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }


def _right(need: Need) -> str:
    if need.right is None:
        return "none"
    where = " for all models" if need.reach is Reach.ALL else ""
    return f"`{need.right}`{where}{', or `--public-docs`' if need.document else ''}"


def _told(handler: Any, titles: Mapping[Any, str]) -> str:
    """What a handler of a door is for, by its docstring."""
    if handler not in titles or handler.__doc__ is None:
        return ""
    text = summary(handler)
    return f"{titles[handler]}: {text[0].lower()}{text[1:]}"


def openapi() -> Json:
    """``/openapi/v2.json`` of a host that serves a small model."""
    with _host() as url, urllib.request.urlopen(f"{url}/openapi/v2.json", timeout=60) as answer:
        document: Json = json.load(answer)
        return document


@contextmanager
def _host() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "routes_model.py").write_text(MODEL)
        info = folder / "routes_model-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: routes-model\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[deepaas.v2.model]\nNAME = routes_model\n")
        host = subprocess.Popen(
            [sys.executable, "-m", "deepaas.cmd.run", "--model-name", "NAME", "--debug-endpoint"],
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith(("OS_", "DEEPAAS_"))},
                "PYTHONPATH": name,
                "OS_DEFAULT__LISTEN_PORT": "0",
                "OS_DEFAULT__STATE_DIR": str(folder / "state"),
                "HOME": name,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert host.stdout is not None
            yield next(m[0] for line in host.stdout if (m := re.search(r"http://[\d.:]+\d", line)))
        finally:
            host.terminate()
            host.communicate()


def _operations(document: Json) -> Iterator[tuple[Route, Json]]:
    for path, operations in sorted(document["paths"].items(), key=lambda entry: entry[0]):
        for method, operation in operations.items():
            yield (method.upper(), path.replace("/NAME/", "/{name}/")), operation


def _section(route: Route, operation: Json) -> str:
    method, path = route
    pieces = [f"### {method} `{path}`", f"{_bare(operation['summary'])}."]
    if _bare(operation.get("description", "")) not in ("", _bare(operation["summary"])):
        pieces.append(operation["description"].replace("'", "`"))
    if "requestBody" in operation:
        pieces.append("Takes the arguments that the model declares.")
    known = [p for p in operation.get("parameters", []) if p["name"] not in ("text", "uuid")]
    if known:
        rows = [[f"`{p['name']}`", p["in"], p.get("description", "")] for p in known]
        pieces.append(table(["parameter", "in", ""], rows))
    answers = [
        [status, _bare(answer["description"]), _types(answer)]
        for status, answer in sorted(operation["responses"].items())
    ]
    pieces.append(table(["status", "response", "media type"], answers))
    return "\n\n".join(pieces)


def _types(answer: Json) -> str:
    return ", ".join(f"`{name}`" for name in answer.get("content", {}))


def _bare(text: str) -> str:
    return text.rstrip(".")
