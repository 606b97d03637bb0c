"""What ``deepaas-run`` says once it listens: addresses that work, and who can reach them."""

from __future__ import annotations

from collections.abc import Sequence

import deepaas
from deepaas.protocols.door import Link
from deepaas.reach import is_open, network_url, own_url


def greeting(listening: tuple[str, int], pages: Sequence[Link]) -> str:
    """The pages by URL; ``listening`` as the kernel tells it."""
    local = own_url(listening, "")
    shown = [(page.label, f"{local}{page.path}") for page in pages]
    network = network_url(listening, pages[0].path)
    if network and network != shown[0][1]:
        shown.append(("On the network", network))
    width = max(len(label) for label, _ in shown)
    reach = (
        "Other machines can reach it."
        if is_open(listening)
        else "Only this machine can reach it (--listen-ip 0.0.0.0 for the network)."
    )
    lines = [f"{label:>{width}}: {url}" for label, url in shown]
    return "\n".join(
        ["", f"DEEPaaS {deepaas.__version__}", "", *lines, "", f"{reach} Ctrl+C stops it.", ""]
    )
