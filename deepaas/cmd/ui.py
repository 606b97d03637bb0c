"""``deepaas-ui``: the try-me page for any host that speaks the V2 API."""

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
from deepaas.reach import OPEN_TO_ALL, network_url, own_url
from deepaas.scratch import scratch
from deepaas.ui.stubs import without_stubs
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.listener import raise_open_files

_EPILOG = """\
examples:
  deepaas-ui
        for the host at http://127.0.0.1:5000
  deepaas-ui --api-url https://models.example.org --listen-port 8080
        for another one
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; it exits with 0 after a stop by signal, with 1 if nothing can be served."""
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
        sys.exit("deepaas-ui: Gradio is not installed here: pip install 'deepaas[ui]'")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    raise_open_files()
    try:
        listening, shown = _listen(given)
    except OSError as error:
        sys.exit(f"deepaas-ui: cannot listen: {error.strerror or error}")
    with scratch() as folder:
        os.environ.update(_environment(folder))
        # Only now: it takes seconds, and looks at the environment.
        with without_stubs():
            from deepaas.ui import server

        # At the end Python would look through all that Gradio is made of, which takes a second.
        atexit.register(gc.freeze)
        server.serve(
            listening,
            api_url=given.api_url,
            public_url=given.public_url,
            root=given.root_path.rstrip("/"),
            max_file_bytes=given.max_file_size or None,
            visitors=visitors,
            # On a socket there is nobody but the host, which says what is true.
            believes=lambda peer: given.unix_socket is not None or proxies.trusts(peer),
            header_seconds=given.header_timeout,
            body_seconds=given.body_timeout,
            on_start=lambda: print(f"deepaas-ui listens at {shown}", flush=True),
        )


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "deepaas-ui",
        usage="deepaas-ui [options]",
        description="Serve the try-me page for the models of a host: one of DEEPaaS, of any "
        "version that has the V2 API.",
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
        "--public-url",
        metavar="URL",
        help="URL of the host as visitors reach it, or a path below which it is found beside the "
        "page. (default: as --api-url)",
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
        help="TCP port to listen on; 0 picks a free one. (default: %(default)s)",
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
        help="Path below which the page is served, such as /try-me, for a reverse proxy that "
        "forwards only that path.",
    )
    visitors = parser.add_argument_group("proxies and web pages")
    visitors.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="Host name that visitors may use besides localhost and the address itself, as for "
        "deepaas-run: example.org, example.org:8443, .example.org, *. May be repeated.",
    )
    visitors.add_argument(
        "--allowed-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="Web site whose pages may use this one, as for deepaas-run: https://example.org, *. "
        "May be repeated.",
    )
    visitors.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="NETWORK",
        help="Address or network of a reverse proxy whose X-Forwarded-Host and -Proto headers are "
        "believed. May be repeated.",
    )
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max-file-size",
        type=int,
        default=0,
        metavar="BYTES",
        help="Largest file that visitors may send; 0 for no limit. (default: %(default)s)",
    )
    limits.add_argument(
        "--header-timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="Longest time for the headers of a request to arrive. (default: %(default)g)",
    )
    limits.add_argument(
        "--body-timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="Longest time in which nothing of a body arrives. (default: %(default)g)",
    )
    return parser


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"not the URL of a host: {text!r}")
    return text


def _environment(folder: Path) -> dict[str, str]:
    """What keeps Gradio and its libraries within this folder and this machine."""
    return {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "TMPDIR": str(folder),
    }


def _listen(given: argparse.Namespace) -> tuple[socket.socket, str]:
    if given.unix_socket:
        listening = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o077)  # For this user alone.
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
        shown = f"{shown} and {network}: {OPEN_TO_ALL % 'it'}"
    return listening, shown


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
