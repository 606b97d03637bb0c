"""The Swagger page and the landing page, without a browser."""

from __future__ import annotations

import html
import re
import shlex
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from deepaas.protocols.v2 import snippets
from deepaas.site import plain
from deepaas.web import swagger_ui
from deepaas.web.landing import LandingModel, landing_page
from deepaas.web.site_pages import SITE, site_pages
from deepaas.web.swagger_ui import ApiDocument

PREFIXES = ["", "/base"]
ORIGIN = "http://127.0.0.1:5000"
IMAGE = {"in": "formData", "name": "image", "type": "file", "required": True}


class Page(HTMLParser):
    """The elements of an HTML text, as a browser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str, attribute: str) -> list[str]:
        return [a[attribute] or "" for t, a in self.elements if t == tag and attribute in a]


def shown(*models: LandingModel, **changed: Any) -> str:
    options: dict[str, Any] = {"title": "DEEPaaS", "version": "2.7.0", "prefix": ""}
    prefix = changed.get("prefix", "")
    options["site"] = site_pages(prefix, try_me=True, swagger=True, tensorboard=True).others
    return landing_page(models=models, **{**options, **changed})


def example_of(parameters: list[dict[str, Any]]) -> list[str]:
    """The words of the command that the page shows for a model with these parameters."""
    return words_of(snippets.prediction(ORIGIN, "/v2/models/m/predict/", parameters))


def words_of(command: str, origin: str = ORIGIN) -> list[str]:
    """The words of a command as the page shows it."""
    page = shown(LandingModel("m", "M", examples=[("An example", command)]), origin=origin)
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found
    shown_text = html.unescape(re.sub(r"<[^>]*>", "", found[1]))
    return shlex.split(shown_text.replace("\\\n", ""))


def documents_below(prefix: str) -> list[ApiDocument]:
    return [
        ApiDocument("one", 'One <b>&"API"</b>', f"{prefix}/openapi/one.json"),
        ApiDocument("two & more", "Two", f"{prefix}/openapi/two.json"),
    ]


async def client_for(
    aiohttp_client: AiohttpClient, folder: Path, prefix: str = ""
) -> TestClient[Any, Any]:
    app = web.Application()
    app[SITE] = site_pages(prefix, try_me=True, swagger=True, tensorboard=False)
    swagger_ui.setup(
        app,
        prefix=prefix,
        documents=documents_below(prefix),
        title='A <b>&"host"</b>',
        folder=folder / "swagger",
    )
    return await aiohttp_client(app)


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_swagger_page_and_its_files(
    aiohttp_client: AiohttpClient, tmp_path: Path, prefix: str
) -> None:
    client = await client_for(aiohttp_client, tmp_path, prefix)
    answer = await client.get(f"{prefix}/api")
    assert answer.status == 200
    assert answer.content_type == "text/html"
    page = Page(await answer.text())

    for url in page.all("script", "src") + page.all("link", "href"):
        if url.startswith("data:"):
            continue
        path = urljoin(f"{prefix}/api", url)
        assert path.startswith(f"{prefix}/static/swagger/")
        file = await client.get(path)
        assert file.status == 200, path
        assert file.headers["Content-Encoding"] == "gzip"
        assert "immutable" in file.headers["Cache-Control"]
        assert await file.read()
        again = await client.get(path, headers={"If-None-Match": file.headers["ETag"]})
        assert again.status == 304
    [spec] = page.all("main", "data-spec")
    assert urljoin(f"{prefix}/api", spec) == f"{prefix}/openapi/one.json"


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_swagger_page_has_a_choice_of_documents(
    aiohttp_client: AiohttpClient, tmp_path: Path, prefix: str
) -> None:
    client = await client_for(aiohttp_client, tmp_path, prefix)
    links = Page(await (await client.get(f"{prefix}/api")).text()).all("a", "href")
    first, second = [link for link in links if link.startswith("?")]
    for link, name in ((first, "one"), (second, "two"), ("?document=nobody", "one")):
        page = Page(await (await client.get(urljoin(f"{prefix}/api", link))).text())
        (spec,) = page.all("main", "data-spec")
        assert urljoin(f"{prefix}/api", spec) == f"{prefix}/openapi/{name}.json"
        assert page.all("a", "aria-current") == ["page", "page"]  # Of the header, and this.


async def test_swagger_page_escapes_the_title_and_has_no_inline_code(
    aiohttp_client: AiohttpClient,
    tmp_path: Path,
) -> None:
    client = await client_for(aiohttp_client, tmp_path)
    answer = await client.get("/api")
    text = await answer.text()

    assert "<b>" not in text
    assert all("src" in attributes for tag, attributes in Page(text).elements if tag == "script")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["/api/", "/ui", "/ui/", "/docs", "/docs/", "/swagger"])
async def test_other_paths_lead_to_the_swagger_page(
    aiohttp_client: AiohttpClient, tmp_path: Path, prefix: str, path: str
) -> None:
    client = await client_for(aiohttp_client, tmp_path, prefix)
    answer = await client.get(prefix + path, allow_redirects=False)

    assert answer.status == 302
    assert answer.headers["Location"] == f"{prefix}/api"


@pytest.mark.parametrize("path", ["/api", "/ui", "/static/swagger/swagger-ui.css"])
async def test_swagger_page_answers_head(
    aiohttp_client: AiohttpClient, tmp_path: Path, path: str
) -> None:
    client = await client_for(aiohttp_client, tmp_path)
    answer = await client.head(path)

    assert answer.status == 200
    assert await answer.read() == b""


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "%2e%2e",
        "..%2f..%2f__init__.py",
        "../../../../etc/passwd",
        "%2fetc%2fpasswd",
        "page.html",
        "swagger.html",
        "index.html",
        "swagger-ui.css/",
        "swagger-ui.css%00",
    ],
)
async def test_nothing_else_is_served(
    aiohttp_client: AiohttpClient, tmp_path: Path, path: str
) -> None:
    client = await client_for(aiohttp_client, tmp_path)
    url = client.make_url("/").with_path(f"/static/swagger/{path}", encoded=True)
    answer = await client.session.get(url)

    assert answer.status == 404


def test_swagger_page_does_not_import_flask(tmp_path: Path) -> None:
    swagger_ui.setup(
        web.Application(),
        prefix="",
        documents=documents_below(""),
        title="t",
        folder=tmp_path / "s",
    )

    assert "flask_swagger_ui" not in sys.modules


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(swagger_ui, "find_spec", lambda _name: None)

    with pytest.raises(FileNotFoundError, match="flask-swagger-ui"):
        swagger_ui.setup(
            web.Application(),
            prefix="",
            documents=documents_below(""),
            title="t",
            folder=tmp_path / "s",
        )


@pytest.mark.parametrize("prefix", PREFIXES)
def test_landing_page_links(prefix: str) -> None:
    pages = [("Its own", f"{prefix}/own/demo-app")]
    model = LandingModel("demo-app", "Digits", can_be_tried=True, pages=pages)
    of_doors = [("All", f"{prefix}/own/")]
    links = Page(shown(model, prefix=prefix, pages=of_doors)).all("a", "href")

    assert links.count(f"{prefix}/own/demo-app") == 1
    assert links.count(f"{prefix}/own/") == 1
    assert {f"{prefix}/try-me/demo-app/", f"{prefix}/api", f"{prefix}/openapi.json"} <= set(links)
    assert all(link.startswith(f"{prefix}/") for link in links)


def test_landing_page_without_docs_does_not_link_to_them() -> None:
    links = Page(shown(LandingModel("demo_app", "Digits"), site=[])).all("a", "href")

    assert not [link for link in links if "api" in link or "swagger" in link]


def test_descriptions_are_plain_words() -> None:
    page = shown(LandingModel("m", "M", "Reads **digits** from `pictures`, see [this](https://x/)"))
    assert "Reads digits from pictures, see this</p>" in page


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# One\n\n* two\n- three", "One\ntwo\nthree"),
        ("2 * 3 * 4, a*b*c and snake_case_names", "2 * 3 * 4, a*b*c and snake_case_names"),
        ("*one* __two__ ![a picture](x.png)", "one two a picture"),
    ],
)
def test_plain_words_of_markdown(markdown: str, words: str) -> None:
    assert plain(markdown) == words


@pytest.mark.parametrize("text", ["![", "[", "[](", "`", " ", "*a"])
def test_a_description_of_megabytes_takes_no_time(text: str) -> None:
    began = time.process_time()
    shown(LandingModel("m", "M", text * 2_000_000))
    assert time.process_time() - began < 2.0


CALLS = [("First", "curl one"), ("Second", "curl two")]


def test_landing_page_shows_what_a_model_says_of_itself() -> None:
    text = shown(
        LandingModel("a", "Digits", "Reads digits", "An Author", "MIT", "1.2.3", examples=CALLS),
        LandingModel("b", "Broken", status="broken", reason="No module named 'torch'"),
    )

    for part in ("Digits", "Reads digits", "An Author", "MIT", "1.2.3", "2 models, 1 ready"):
        assert part in text
    assert 'class="status good">ready' in text
    assert 'class="status bad">broken' in text
    assert "No module named &#x27;torch&#x27;" in text
    first, others = text.split("<details>")
    assert "curl one" in first and first.count("<figure>") == 1
    assert "curl two" in others and others.count("<figure>") == 1


def test_landing_page_without_models() -> None:
    assert "No model is served here" in shown()


def test_long_descriptions_are_cut() -> None:
    assert "x" * 1000 not in shown(LandingModel("m", "M", "x" * 1000))
    assert len(shown(LandingModel("m", "M", "word " * 10000))) < 20_000


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>${title}$$"


def full_model(text: str) -> LandingModel:
    """A model that says the same in all its texts."""
    return LandingModel(
        name=text,
        title=text,
        description=text,
        author=text,
        license=text,
        version=text,
        status=text,
        reason=text,
        can_be_tried=True,
        pages=[(text, f"/{text}")],
        examples=[(text, text), (text, text)],
        links=[(text, text)],
    )


def test_landing_page_escapes_everything_from_a_model() -> None:
    plain = Page(shown(full_model("x"), site=[]))
    evil = Page(shown(full_model(EVIL), site=[], origin=f"http://{EVIL}"))

    assert [tag for tag, _ in evil.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(a) for _, a in evil.elements] == [sorted(a) for _, a in plain.elements]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//example.org/",
        "/relative",
        "http://[broken",
        "",
    ],
)
def test_only_ordinary_links_of_a_model_are_links(url: str) -> None:
    without = Page(shown(LandingModel("m", "M"))).all("a", "href")

    assert Page(shown(LandingModel("m", "M", links=[("x", url)]))).all("a", "href") == without


@pytest.mark.parametrize("url", ["https://example.org/?a=1&b=2", "mailto:someone@example.org"])
def test_ordinary_links_of_a_model_are_links(url: str) -> None:
    assert url in Page(shown(LandingModel("m", "M", links=[("x", url)]))).all("a", "href")


def test_landing_page_allows_only_its_own_style_and_script() -> None:
    [policy] = [
        attributes["content"]
        for tag, attributes in Page(shown()).elements
        if tag == "meta" and "http-equiv" in attributes
    ]

    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


START = ["curl", "-X", "POST"]
URL = "http://127.0.0.1:5000/v2/models/m/predict/"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([], [URL]),
        ([IMAGE], [URL, "-F", "image=@path/to/file"]),
        ([{**IMAGE, "required": False}], [URL, "-F", "image=@path/to/file"]),
        ([{**IMAGE, "required": False}, {"in": "query", "name": "n", "default": 3}], [URL]),
        ([{"in": "query", "name": "n", "type": "string"}], [URL]),
        (
            [
                {"in": "query", "name": "n", "type": "integer", "minimum": 2, "required": True},
                {"in": "query", "name": "b", "type": "boolean", "required": True},
                {"in": "query", "name": "t&", "type": "string", "required": True,
                 "default": "a b'"},
                {"in": "query", "name": "l", "type": "array", "items": {"type": "number"},
                 "required": True},
            ],
            [URL + "?n=2&b=true&t%26=a+b%27&l=1.0"],
        ),
        (
            [
                {"in": "formData", "name": "f", "type": "string", "required": True,
                 "default": "@/etc/passwd"},
                {"in": "header", "name": "X-A", "type": "string", "required": True, "enum": ["$x"]},
                {"in": "header", "name": "accept", "type": "string", "required": True},
            ],
            [URL, "-H", "X-A: $x", "--data-urlencode", "f=@/etc/passwd"],
        ),
        (
            [{"in": "body", "name": "body", "schema": {
                "type": "object", "required": ["d"],
                "properties": {"d": {"type": "string", "format": "date"}, "e": {}}}},
             {"in": "query", "name": "o", "type": "object", "required": True}],
            [URL, "-H", "Content-Type: application/json", "--data", '{"d": "2026-01-31", "o": {}}'],
        ),
    ],
)  # fmt: skip
def test_example_has_what_a_call_needs(
    parameters: list[dict[str, Any]], expected: list[str]
) -> None:
    assert example_of(parameters) == START + expected


def test_no_link_to_try_a_model_whose_name_has_a_slash() -> None:
    """The page's own paths could not tell it from a path below a model."""
    models = [LandingModel(name, "M", can_be_tried=True) for name in ("a", "a/b")]
    links = Page(shown(*models)).all("a", "href")
    assert [link for link in links if link.startswith("/try-me/") and "a" in link[8:]] == [
        "/try-me/a/"
    ]


def test_example_has_the_origin_in_a_place_of_its_own() -> None:
    origin = "https://[::1]:8443"
    command = snippets.prediction(origin, "/base/v2/models/m/predict/", [])
    page = shown(LandingModel("m", "M", examples=[("An example", command)]), origin=origin)

    assert "'<span data-origin>https://[::1]:8443</span>/base/v2/models/m/predict/'" in (
        page.replace("&#x27;", "'")
    )


def test_example_keeps_its_quotes_whatever_the_origin() -> None:
    origin = "http://x' ; rm -rf / #"
    assert len(words_of(snippets.prediction(origin, "/predict/", []), origin)) == 4
