"""The yardstick: bare aiohttp handlers that parse nothing and send a small JSON.

`python -m benchmarks.bare PORT` serves the requests of the benchmarks of throughput and of tensors.
"""

import sys

from aiohttp import web

from benchmarks.request import ANSWER, BODY_PATH, PREDICT_PATH

MAX_BODY_BYTES = 16 * 1024 * 1024


async def predict(_request: web.Request) -> web.Response:
    return web.json_response(ANSWER)


async def read(request: web.Request) -> web.Response:
    return web.json_response({"length": len(await request.read())})


def main() -> None:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post(PREDICT_PATH, predict)
    app.router.add_post(BODY_PATH, read)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
