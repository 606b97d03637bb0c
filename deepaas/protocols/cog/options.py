"""The options of Cog's HTTP API."""

from __future__ import annotations

from dataclasses import dataclass

from deepaas.options import option


@dataclass(frozen=True)
class Options:
    """Cog's API for the models of this host."""

    strict: bool = option(
        False, "Answer 409 when no worker is free, instead of queueing.", was="cog_strict"
    )
    upload_url: str = option(
        "",
        "Upload output files to this URL (PUT, with the file name appended), instead of sending "
        "them as data: URLs.",
        secret=True,
        unit="URL",
        was="cog_upload_url",
    )
    private_urls: bool = option(
        False,
        "Also use private addresses, which are not on the public internet, for input files and "
        "webhooks.",
        was="cog_private_urls",
    )
    shutdown: bool = option(False, "Let POST /shutdown stop the host.", was="cog_shutdown")
