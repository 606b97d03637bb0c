"""Every error has a status and the one shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from deepaas import errors
from deepaas.errors import DeepaasError
from deepaas.masks import Masks
from deepaas.web.errors import MASKS, STATUS, problem_of, status_of
from deepaas.web.health import Drain
from deepaas.web.serving import serving

EXAMPLES: list[tuple[DeepaasError, int]] = [
    (errors.MalformedRequest("not a form"), 400),
    (errors.Unauthenticated(), 401),
    (errors.NotPermitted("ci", "train"), 403),
    (errors.NotGranted("https://issuer.example"), 403),
    (errors.Disabled("predict"), 403),
    (errors.MetricsNotOpen(), 403),
    (errors.ForeignOrigin("a page of http://evil.test"), 403),
    (errors.ModelNotFound("m"), 404),
    (errors.RunNotFound("m", "0f"), 404),
    (errors.RunFileNotFound("../a"), 404),
    (errors.RunElsewhere("0f"), 409),
    (errors.RequestTimedOut(60.0), 408),
    (errors.RequestTooLarge.than(5), 413),
    (errors.UnpacksTooMuch(100), 413),
    (errors.UnsupportedMediaType.of_arguments("text/csv"), 415),
    (errors.UnknownHost("not evil.test"), 421),
    (errors.InvalidArguments({"a": ["Missing."]}), 422),
    (errors.LimitExceeded("key", "10/minute", {"10/minute": 2.5}), 429),
    (errors.ModelFailed("KeyError: 'a'", details="Traceback of the author"), 500),
    (errors.WorkerDied("m", "was killed"), 500),
    (errors.ConfigError("no such option"), 500),
    (errors.CodecMissing("the codec of the protocol 'x' is not installed"), 500),
    (errors.ExtraMissing("TensorBoard", "tensorboard"), 501),
    (errors.NotImplementedByModel("m", "predict"), 501),
    (errors.UpstreamFailed("TensorBoard cannot be started"), 502),
    (errors.ModelUnavailable("m", "is loading", 2.5), 503),
    (errors.QueueFull("m", 3), 503),
    (errors.QueueTimedOut("m", 0.5), 503),
    (errors.TrainQueueFull(3), 503),
    (errors.IssuerUnavailable("https://issuer.example"), 503),
    (errors.StoreUnavailable("no connection"), 503),
    (errors.HostExhausted("Too many open files"), 503),
    (errors.OutOfProcesses(), 503),
    (errors.BodyUnreadable(), 503),
    (errors.CallTimedOut("m", 1.5), 504),
    (errors.StorageFull("the training"), 507),
    (errors.ModelRefused(418, "a teapot", {"X-Pot": "tea"}), 418),
]
BY_CLASS = pytest.mark.parametrize(
    ("error", "status"), EXAMPLES, ids=lambda each: type(each).__name__
)


def _subclasses(kind: type[DeepaasError]) -> Iterator[type[DeepaasError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def test_every_class_has_an_example_and_a_status_of_its_own() -> None:
    classes = {kind for kind in _subclasses(DeepaasError) if kind.__module__ == errors.__name__}
    assert {type(error) for error, _ in EXAMPLES} == classes
    # The one is raised before there are clients, the other brings its status along.
    assert classes - STATUS.keys() == {errors.ConfigError, errors.ModelRefused}


@BY_CLASS
def test_status(error: DeepaasError, status: int) -> None:
    assert status_of(error) == status


def test_classes_of_others_have_the_status_of_their_parent() -> None:
    class Mine(errors.ModelNotFound):
        pass

    class Other(DeepaasError):
        pass

    assert status_of(Mine("m")) == 404
    assert status_of(Other("?")) == 500


@BY_CLASS
async def test_shape(
    error: DeepaasError,
    status: int,
    aiohttp_client: AiohttpClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[serving(Drain())])
    app.router.add_get("/", handler)
    response = await (await aiohttp_client(app)).get("/")

    assert response.status == status
    if isinstance(error, errors.LimitExceeded):
        assert response.content_type == "application/problem+json"
        assert response.headers["Retry-After"] == "3"
        return
    assert response.content_type == "application/json"
    body = await response.json()
    if isinstance(error, errors.InvalidArguments):
        assert body == {"a": ["Missing."]}
        return
    reference = body.pop("id", None)
    assert body == {"code": status, "message": error.message, "error": error.code}
    assert "\n" not in error.message
    assert ("Retry-After" in response.headers) == (status == 503)
    if status == 500:
        assert reference in caplog.text
        assert error.details in caplog.text
    if isinstance(error, errors.ModelUnavailable):
        assert response.headers["Retry-After"] == "3"
    if isinstance(error, errors.ModelRefused):
        assert response.headers["X-Pot"] == "tea"


@pytest.mark.parametrize(
    ("error", "told", "noted"),
    [
        (errors.ModelNotFound("m"), "no model named 'm' is served here", ""),
        (errors.RequestTooLarge("5 lines at most"), "5 lines at most", ""),
        (errors.UnsupportedMediaType("send lines"), "send lines", ""),
        (errors.ModelFailed("no /host/own/a", details="author's code"), "no a", "author's code"),
        (web.HTTPUnauthorized(reason="a token is wanted"), "a token is wanted", ""),
        (KeyError("secret"), "internal error in the host", "KeyError: 'secret'"),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_an_error_in_an_answer_that_has_begun(
    error: Exception,
    told: str,
    noted: str,
    aiohttp_client: AiohttpClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        problem = problem_of(request, error)
        await response.write(f"{problem.message}\n{problem.reference}".encode())
        return response

    app = web.Application(middlewares=[serving(Drain())])
    app[MASKS] = Masks([Path("/host/own")])
    app.router.add_get("/", handler)
    response = await (await aiohttp_client(app)).get("/")

    assert response.status == 200
    message, _, reference = (await response.text()).partition("\n")
    assert message == told
    assert bool(reference) == bool(noted)
    assert reference in caplog.text
    assert noted in caplog.text


async def test_what_nobody_has_foreseen(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise KeyError("secret")

    app = web.Application(middlewares=[serving(Drain())])
    app.router.add_get("/", handler)
    response = await (await aiohttp_client(app)).get("/")

    assert response.status == 500
    body = await response.json()
    assert "secret" not in str(body)
    assert body["id"] in caplog.text
    assert "KeyError: 'secret'" in caplog.text
