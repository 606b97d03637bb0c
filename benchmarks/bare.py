"""The yardstick: a bare aiohttp handler that parses nothing and sends a small JSON.

`python -m benchmarks.bare PORT` serves the request of the throughput benchmark.
"""

import sys

from aiohttp import web

from benchmarks.request import ANSWER, PREDICT_PATH


async def predict(_request: web.Request) -> web.Response:
    return web.json_response(ANSWER)


def main() -> None:
    app = web.Application()
    app.router.add_post(PREDICT_PATH, predict)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
