"""How the doors of a host would call the model, of those that have something to tell."""

from __future__ import annotations

from deepaas import plugins
from deepaas.check.session import Session
from deepaas.messages import Description

GROUP = "deepaas.protocol.check"
"""Entry points under the names of doors: functions of the name of a model and its ``Description``,
which return one line for its author, or an empty text."""


def tell(session: Session, description: Description) -> None:
    for door, point in plugins.offered(GROUP).items():
        if text := point.load()(session.target.name, description):
            session.tell_door(door, text)
