"""The landing page and the Swagger page as a browser shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from browser.try_me import tab_to
from playwright.async_api import BrowserContext, Page, expect

from deepaas.protocols.v2 import snippets
from deepaas.web import swagger_ui
from deepaas.web.landing import PAGE_HEADERS, LandingModel, landing_page
from deepaas.web.openapi import to_openapi3
from deepaas.web.site_pages import SITE, site_pages

Serve = Callable[[web.Application], Awaitable[str]]

PARAMETERS: list[dict[str, Any]] = [
    {"in": "formData", "name": "image", "required": True, "type": "file"},
    {"in": "query", "name": "text", "required": False, "type": "string", "default": "hello"},
]
EVIL = '"><script>console.error("ran")</script><img src="http://example.org/x" onerror="x">'


def swagger(prefix: str) -> dict[str, Any]:
    return {
        "swagger": "2.0",
        "info": {"title": "A host", "version": "1", "description": "Hello **world**"},
        "paths": {
            f"{prefix}/v2/models/digits/predict/": {
                "post": {
                    "tags": ["models"],
                    "summary": "Predict",
                    "operationId": "predict_digits",
                    "parameters": PARAMETERS,
                    "produces": ["application/json"],
                    "responses": {"200": {"description": "", "schema": {"type": "object"}}},
                }
            }
        },
        "definitions": {},
    }


ORIGIN = "http://127.0.0.1:5000"


def small_host(folder: Path, prefix: str = "", spec: str = "swagger.json") -> web.Application:
    """The two pages over a predict that tells what it was sent."""
    site = site_pages(prefix, try_me=True, swagger=True, tensorboard=False)

    async def landing(_request: web.Request) -> web.Response:
        path = f"{prefix}/v2/models/digits/predict/"
        models = [
            LandingModel(
                "digits",
                "Digits",
                pages=[("Try predict", f"{prefix}/api#/models/predict_digits")],
                examples=[("Predict", snippets.prediction(ORIGIN, path, PARAMETERS))],
            ),
            LandingModel("evil", EVIL, EVIL, EVIL, links=[(EVIL, "javascript:alert(1)")]),
        ]
        text = landing_page(
            title="Host", version="1", prefix=prefix, models=models, site=site.others
        )
        return web.Response(text=text, content_type="text/html", headers=PAGE_HEADERS)

    async def document(request: web.Request) -> web.Response:
        made = swagger(prefix)
        return web.json_response(to_openapi3(made) if "openapi" in request.path else made)

    async def other(_request: web.Request) -> web.Response:
        made = swagger(f"{prefix}/other")
        return web.json_response({**made, "info": {**made["info"], "title": "The other"}})

    async def predict(request: web.Request) -> web.Response:
        form = await request.post()
        image = form["image"]
        assert isinstance(image, web.FileField)
        return web.json_response(
            {"file": image.filename, "bytes": len(image.file.read()), "text": request.query["text"]}
        )

    app = web.Application()
    app[SITE] = site
    app.router.add_get(f"{prefix}/", landing)
    app.router.add_get(f"{prefix}/{spec}", document)
    app.router.add_get(f"{prefix}/other.json", other)
    app.router.add_post(f"{prefix}/v2/models/digits/predict/", predict)
    documents = [
        swagger_ui.ApiDocument("v2", "V2", f"{prefix}/{spec}"),
        swagger_ui.ApiDocument("other", "Another API", f"{prefix}/other.json"),
    ]
    swagger_ui.setup(
        app, prefix=prefix, documents=documents, title="Host", folder=folder / "swagger"
    )
    return app


async def test_landing_page_copies_the_example_with_its_own_address(
    page: Page, context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    url = await serve(small_host(tmp_path))
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{url}/")
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()

    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"curl -X POST '{url}/v2/models/digits/predict/' \\\n  -F image=@path/to/file"


@pytest.mark.parametrize("width", [1200, 360])
async def test_landing_page_fits_and_what_a_model_says_stays_text(
    page: Page, serve: Serve, tmp_path: Path, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"{await serve(small_host(tmp_path))}/")

    await expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.locator("main script, main img").count() == 0


@pytest.mark.parametrize("prefix", ["", "/base"])
@pytest.mark.parametrize("spec", ["swagger.json", "openapi.json"])
async def test_from_the_landing_page_to_a_prediction_with_a_file(
    page: Page, serve: Serve, tmp_path: Path, prefix: str, spec: str
) -> None:
    await page.goto(f"{await serve(small_host(tmp_path, prefix, spec))}{prefix}/")
    await page.get_by_role("link", name="Try predict").click()
    operation = page.locator(".opblock.is-open")
    await expect(operation).to_contain_text(f"{prefix}/v2/models/digits/predict/")
    await operation.locator("input[type=file]").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": b"12345"}
    )
    await operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table tbody .response-col_description")
    await expect(answer).to_contain_text('"file": "seven.png"')
    await expect(answer).to_contain_text('"bytes": 5')
    await expect(answer).to_contain_text('"text": "hello"')


@pytest.mark.parametrize("width", [1200, 390])
async def test_another_document_is_chosen_by_keyboard(
    page: Page, serve: Serve, tmp_path: Path, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"{await serve(small_host(tmp_path))}/api")
    await expect(page.get_by_role("heading", name="A host")).to_be_visible()
    await tab_to(page, page.get_by_role("link", name="Another API"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="The other")).to_be_visible()
    chosen = page.get_by_role("navigation", name="APIs").locator("[aria-current]")
    await expect(chosen).to_have_text("Another API")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_swagger_page_follows_the_colour_scheme(
    page: Page, serve: Serve, tmp_path: Path
) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{await serve(small_host(tmp_path))}/ui/")
    await expect(page.locator("html")).to_have_class("dark-mode")
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("html")).not_to_have_class("dark-mode")


async def test_a_page_that_looks_outside_is_noticed(
    page: Page, serve: Serve, problems: list[str]
) -> None:
    async def outside(_request: web.Request) -> web.Response:
        return web.Response(
            text='<link rel="icon" href="data:,"><img src="http://example.org/x.png">',
            content_type="text/html",
        )

    app = web.Application()
    app.router.add_get("/", outside)
    await page.goto(f"{await serve(app)}/")

    assert "request to http://example.org/x.png" in problems
    problems.clear()
