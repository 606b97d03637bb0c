"""The options of Cog's HTTP API."""

from __future__ import annotations

from dataclasses import dataclass

from deepaas.options import option


@dataclass(frozen=True)
class Options:
    """Cog's API, for the models that are served."""

    strict: bool = option(
        False, "Answer 409 when no worker is free, instead of queueing.", was="cog_strict"
    )
    upload_url: str = option(
        "",
        "Upload files that models make to below this URL (PUT), instead of sending them as data: "
        "URLs.",
        secret=True,
        unit="URL",
        was="cog_upload_url",
    )
    private_urls: bool = option(
        False,
        "Also call addresses that are not of the public internet, for files of inputs and for "
        "webhooks.",
        was="cog_private_urls",
    )
    shutdown: bool = option(False, "Let POST /shutdown end the host.", was="cog_shutdown")
