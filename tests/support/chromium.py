"""How Chromium is started."""

import shutil

PROGRAM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""The same engine without the browser around it, where Debian has it: a fifth less to compute."""

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""Refuses all other hosts. (Playwright's `route` would do so, too, but turns the cache off.)"""
