"""Prints the routes of the application that `deepaas-run` builds, as JSON: method and path."""

import json
import sys
import tempfile
from pathlib import Path

from deepaas import config
from deepaas.access.key_ring import KeyRing
from deepaas.access.sessions import Sessions
from deepaas.app import build_app, build_trainings, build_try_me, build_visitors
from deepaas.executor import NoExecutor
from deepaas.model.registry import Registry
from deepaas.notes import Notes
from deepaas.web.addresses import ListenAddress
from deepaas.web.health import Drain
from deepaas.web.login import Login

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    settings = config.load([*sys.argv[1:], "--state-dir", str(folder / "state")], {}, [])
    app = build_app(
        settings,
        Registry([], settings.check_timeout),
        folder,
        Drain(),
        build_trainings(settings, [], folder, "mark", NoExecutor()),
        build_try_me(settings, folder, "mark"),
        build_visitors(settings, [ListenAddress(ip="127.0.0.1")]),
        Notes(),
        login=Login(Sessions(KeyRing(), b""), ""),
    )
    found = [(one.method, one.resource.canonical) for one in app.router.routes() if one.resource]
    print(json.dumps(found))
