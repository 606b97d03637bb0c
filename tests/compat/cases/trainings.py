"""Trainings: what they are asked with, and where the two hosts may differ then."""

from __future__ import annotations

from dataclasses import dataclass

from .. import differences as differ
from ..differences import Difference
from ..wire import Body, Part, form_body, json_body, multipart_body
from .case import Case, header


@dataclass(frozen=True)
class TrainCase:
    """A training that is begun, and looked at when it has ended."""

    begin: Case
    ended: tuple[Difference, ...] = ()
    """Where the ended training may differ."""
    ended_status: int = 200
    """What DEEPaaS 2.6.0 answers then to whoever looks."""


def train(
    model: str,
    name: str,
    query: str = "",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    body: Body | None = None,
    differs: tuple[Difference, ...] = (),
    ended: tuple[Difference, ...] = (),
    ended_status: int = 200,
) -> TrainCase:
    target = f"/v2/models/{model}/train/" + (f"?{query}" if query else "")
    case = Case(f"{model}: {name}", target, status, "POST", headers, body, differs)
    return TrainCase(case, ended, ended_status)


DATA = Part("data", b"a,b\n1,2\n", "a table.csv", "text/csv")
IMAGE = Part("image", b"\x89PNG\r\n", "photo.png", "image/png")
FILES = (differ.FILES_FOR_TRAININGS,)

WITH_ARGUMENTS = [
    train("old_style", "query", "epochs=3&rate=0.5&optimizer=sgd"),
    train("old_style", "defaults", "epochs=3"),
    train("old_style", "required missing", status=422),
    train("old_style", "several faults", "epochs=many&rate=-1", status=422),
    train("old_style", "unknown argument", "epochs=1&unknown=2"),
    train("old_style", "form", body=form_body(("epochs", "4"), ("optimizer", "a b"))),
    train("old_style", "JSON", body=json_body({"epochs": 5, "rate": 1e-5})),
    train("old_style", "JSON text", body=json_body({"epochs": "5"})),
    train("old_style", "query before JSON", "epochs=1", body=json_body({"epochs": 2, "rate": 3})),
    train("old_style", "no JSON", body=Body(b"{", "application/json"), status=400),
    train(
        "old_style",
        "unknown body",
        "epochs=1&rate=1&optimizer=a",
        body=Body(b"a,b", "text/csv"),
        differs=(differ.UNREADABLE_BODY,),
    ),
    train("new_style", "multipart text", body=multipart_body(Part("epochs", "2"))),
    train("new_style", "file", body=multipart_body(Part("epochs", "2"), DATA), ended=FILES),
    train("hub", "schema", body=json_body({"model_name": "first", "epochs": 1, "callbacks": {}})),
    train("hub", "schema, several faults", "model_name=third&epochs=0", status=422),
    train("no_predict", "without predict"),
    train("class_methods", "class"),
    train("instance", "object", "epochs=2"),
    train("stateful", "no train", status=501),
    train("nothing", "neither", status=501),
    train("takes_places", "nothing given"),
    train("takes_places", "lists", "labels=x&labels=y&urls=&plain=%C3%A9"),
    train(
        "takes_places",
        "header and JSON",
        "page=2",
        headers=header("X-Token", "secret"),
        body=json_body({"extra": 3, "note": "no form"}),
    ),
    train("takes_places", "file", body=multipart_body(Part("data", b"\x00\xff", "a.bin")),
          ended=FILES),
    train("takes_defaults", "defaults", "required=1&required_text="),
    train(
        "takes_nested",
        "nested",
        body=json_body(
            {"point": {"x": "1"}, "polygon": [{"x": 1}], "matrix": [[1], []], "scores": {"a": "1"}}
        ),
    ),
    train("takes_nested", "nested, wrong", body=json_body({"point": {"z": 1}}), status=422),
    train("takes_types", "plain types", "int=1&float=1e3&bool=on&str=%F0%9F%98%80&email=a@b.de"),
    train("takes_types", "NaN", "float_nan=nan", differs=(differ.NOT_A_NUMBER,),
          ended=(differ.NOT_A_NUMBER,)),
    train("takes_types", "password", "password=hunter2", differs=(differ.PASSWORDS,),
          ended=(differ.PASSWORDS,)),
    train("takes_files", "file missing", status=422),
    train("takes_files", "files", body=multipart_body(IMAGE, Part("label", "a")), ended=FILES),
    train("takes_secrets", "cookie, default of a password",
          headers=header("Cookie", "session=s"), differs=(differ.PASSWORDS,),
          ended=(differ.PASSWORDS,)),
]  # fmt: skip

MESSAGE = (differ.MESSAGES,)

WITH_ENDS = [
    *[
        train("acts", f"returns: {kind}", f"act={kind.replace(' ', '+')}")
        for kind in ["dict", "text", "none", "tuple", "floats", "large number"]
    ],
    train("acts", "was warmed", "act=warmed"),
    train("acts", "the host's working directory", "act=folder"),
    train("acts", "counts", "act=count"),
    train("acts", "counts again", "act=count", ended=(differ.OWN_PROCESS,)),
    train("acts", "raises", "act=fail&text=out+of+data", ended=MESSAGE),
    train("acts", "raises without a text", "act=fail", ended=MESSAGE),
    train("acts", "raises KeyError", "act=unknown", ended=MESSAGE),
    train("acts", "raises NotImplementedError", "act=NotImplementedError", ended=MESSAGE),
    train("acts", "returns a generator", "act=numbers", ended=(differ.ODD_RESULTS,)),
]

BREAKS_THE_LIST = [
    train("acts", "returns a set", "act=set", ended_status=500, ended=(differ.MORE_FOR_TRAININGS,)),
    train("acts", "returns bytes", "act=bytes", ended_status=500,
          ended=(differ.MORE_FOR_TRAININGS,)),
    train("takes_types", "date", "date=2020-01-02", status=500,
          differs=(differ.MORE_FOR_TRAININGS,)),
    train("takes_types", "UUID and number", "decimal=1.5&delta=3", status=500,
          differs=(differ.MORE_FOR_TRAININGS,)),
]  # fmt: skip
"""After one of these DEEPaaS 2.6.0 lists no trainings of the model any more."""

UNKNOWN = [
    Case(f"unknown training: {method} {uuid}", f"/v2/models/acts/train/{uuid}", 404, method)
    for uuid in ["0" * 32, "abc", "%2e%2e", "a%2Fb", "%00", "%ff", "0" * 1000]
    for method in ("GET", "DELETE")
]
