"""``deepaas-ui``: the try-me page for any host with the V2 API."""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import deepaas
from deepaas.help import CommandParser
from deepaas.origins import Visitors
from deepaas.outlet import replace_standard_streams
from deepaas.reach import elsewhere, network_url, own_url
from deepaas.scratch import scratch
from deepaas.ui.stubs import without_stubs
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.listener import raise_open_files

_EPILOG = """\
examples:
  deepaas-ui
        for the host at http://127.0.0.1:5000
  deepaas-ui --api-url https://models.example.org --listen-port 8080
        for another host
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command. The exit code is 0 after a signal, 1 if the page cannot be served."""
    replace_standard_streams()
    parser = _parser()
    given = parser.parse_args(argv)
    try:
        visitors = Visitors(
            None if given.unix_socket else given.listen_ip,
            given.allowed_host,
            given.allowed_origin,
        )
    except ValueError as error:
        parser.error(str(error))
    try:
        proxies = TrustedProxies(given.trusted_proxy)
    except ValueError as error:
        parser.error(f"--trusted-proxy: {error}")
    if importlib.util.find_spec("gradio") is None:
        sys.exit("deepaas-ui: Gradio is not installed: pip install 'deepaas[ui]'")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    raise_open_files()
    try:
        listening, shown = _listen(given)
    except OSError as error:
        where = given.unix_socket or f"{given.listen_ip} port {given.listen_port}"
        reason = (error.strerror or str(error)).partition(" (while")[0]
        todo = "" if given.unix_socket else elsewhere(error, given.listen_port)
        sys.exit(f"deepaas-ui: could not listen on {where}: {reason}{todo}")
    with scratch() as folder:
        os.environ.update(_environment(folder))
        # Garbage collections find nothing during these imports, and take a fifth of their time.
        gc.disable()
        # Imported late because it takes seconds, and reads the environment.
        with without_stubs():
            from deepaas.ui import server

        gc.enable()
        # Without this, Python scans all objects of Gradio at exit, which takes a second.
        atexit.register(gc.freeze)
        server.serve(
            listening,
            api_url=given.api_url,
            api_socket=given.api_socket,
            public_url=given.public_url,
            root=given.root_path.rstrip("/"),
            max_file_bytes=given.max_file_size or None,
            visitors=visitors,
            # Only the host connects to a Unix socket, and its headers are trusted.
            believes=lambda peer: given.unix_socket is not None or proxies.trusts(peer),
            header_seconds=given.header_timeout,
            body_seconds=given.body_timeout,
            on_start=lambda: print(f"deepaas-ui listens at {shown}", flush=True),
        )


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "deepaas-ui",
        usage="deepaas-ui [options]",
        description="Serve the try-me page for the models of a DEEPaaS host, in any version with "
        "the V2 API.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=deepaas.__version__)
    host = parser.add_argument_group("host")
    host.add_argument(
        "--api-url",
        type=_http_url,
        default="http://127.0.0.1:5000",
        metavar="URL",
        help="URL of the host, with its base path. (default: %(default)s)",
    )
    host.add_argument(
        "--api-socket",
        type=Path,
        metavar="PATH",
        help="Unix socket of the host, to use instead of the address in --api-url.",
    )
    host.add_argument(
        "--public-url",
        metavar="URL",
        help="URL of the host for users of the page, or its path on the same server as the page. "
        "(default: same as --api-url)",
    )
    address = parser.add_argument_group("address")
    address.add_argument(
        "--listen-ip",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="IP address to listen on. (default: %(default)s)",
    )
    address.add_argument(
        "--listen-port",
        type=int,
        default=7860,
        metavar="PORT",
        help="TCP port to listen on, 0 for a free one. (default: %(default)s)",
    )
    address.add_argument(
        "--unix-socket",
        type=Path,
        metavar="PATH",
        help="Unix socket to listen on, instead of a port.",
    )
    address.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="Path prefix of the page, such as /try-me, for a reverse proxy that only forwards "
        "this path.",
    )
    visitors = parser.add_argument_group("proxies and web pages")
    visitors.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="Host name that users can use, in addition to localhost and the IP address, as for "
        "deepaas-run: example.org, example.org:8443, .example.org, *. Can be repeated.",
    )
    visitors.add_argument(
        "--allowed-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="Origin of web pages that can call this page, as for deepaas-run: "
        "https://example.org, *. Can be repeated.",
    )
    visitors.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="NETWORK",
        help="Address or network of a reverse proxy whose X-Forwarded-Host and -Proto headers are "
        "trusted. Can be repeated.",
    )
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max-file-size",
        type=int,
        default=0,
        metavar="BYTES",
        help="Maximum size of an uploaded file, 0 for no limit. (default: %(default)s)",
    )
    limits.add_argument(
        "--header-timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="Time limit for receiving the headers of a request. (default: %(default)g)",
    )
    limits.add_argument(
        "--body-timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="Time limit for receiving the next part of a request body. (default: %(default)g)",
    )
    return parser


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http:// or https:// URL")
    return text


def _environment(folder: Path) -> dict[str, str]:
    """Return variables that keep Gradio and its libraries in this folder and offline."""
    return {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "TMPDIR": str(folder),
    }


_OPEN = (
    "anybody who can reach it can use the models, because no password is required: listen on "
    "127.0.0.1, or use a reverse proxy that requires one"
)


def _listen(given: argparse.Namespace) -> tuple[socket.socket, str]:
    if given.unix_socket:
        listening = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o077)  # Only for this user.
        try:
            listening.bind(str(given.unix_socket))
        finally:
            os.umask(mask)
        return listening, f"unix:{given.unix_socket}"
    family = socket.AF_INET6 if ":" in given.listen_ip else socket.AF_INET
    listening = socket.create_server((given.listen_ip, given.listen_port), family=family)
    address = listening.getsockname()[:2]
    shown = own_url(address, f"{given.root_path}/")
    if network := network_url(address, f"{given.root_path}/"):
        shown = f"{shown} and {network}. Warning: {_OPEN}"
    return listening, shown


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
