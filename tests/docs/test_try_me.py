"""docs/try-me.md: its tables say what the page does, and its code works."""

from __future__ import annotations

import re
import shlex
import types
from pathlib import Path
from typing import Any

import pytest
import webargs
from support.nginx import CONFIG
from webargs import fields

from deepaas.client import examples
from deepaas.client import trainings as training_api
from deepaas.client.description import Argument, Model, OutputField, read_models
from deepaas.model.v2.fields import Tensor
from deepaas.runtime.contract import LoadedModel as Served
from deepaas.web import try_me

from .pasted import ROOT, Reader, blocks

DOCUMENT = "docs/try-me.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")

of_gradio = pytest.mark.xdist_group("gradio")
"""They import Gradio, which takes three seconds once in a process."""


def tables(heading: str) -> list[list[list[str]]]:
    """The rows of all tables under a heading, without their heads."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^##? |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
        for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    ]


def declared(code: str) -> Any:
    return eval(code.strip("`"), {"fields": fields, "validate": webargs.validate, "Tensor": Tensor})


def described(**functions: Any) -> Model:
    """A model with these, as the page gets to know of it."""
    description = Served("m", types.SimpleNamespace(**functions), Path("/nowhere")).describe()
    assert description.predict is not None
    operation = {
        "x-implemented": True,
        "parameters": description.predict.parameters,
        "responses": {"200": {"schema": {"$ref": description.response}}},
    }
    (model,) = read_models(
        {
            "paths": {"/v2/models/m/predict/": {"post": operation}},
            "definitions": description.definitions,
        }
    )
    return model


def argument(code: str) -> Argument:
    model = described(get_predict_args=lambda: {"x": declared(code)}, predict=print)
    assert model.predict
    return model.predict[0]


def component_of(cell: str) -> type:
    """The component that a cell of a table names first."""
    import gradio as gr

    found: type = getattr(gr, re.findall(r"`(\w+)`", cell)[0])
    return found


INPUTS = tables("Inputs")[0]
MEDIA_TYPES, FIELDS = tables("Outputs")


@of_gradio
def test_inputs() -> None:
    import gradio as gr

    from deepaas.ui import inputs

    for code, becomes in INPUTS:
        with gr.Blocks():
            component = inputs.component(argument(code))
        assert type(component) is component_of(becomes), code
        assert getattr(component, "multiselect", None) in ("several" in becomes, None), code
        assert (getattr(component, "type", "") == "password") == ("hides" in becomes), code


def test_a_list_of_files_takes_several() -> None:
    ((code, _),) = [row for row in INPUTS if "takes several" in row[1]]
    assert argument(code).many


@of_gradio
def test_every_input_is_told() -> None:
    from deepaas.ui import input_values

    kinds = {argument(code).kind for code, _ in INPUTS}
    assert kinds >= set(input_values._READERS) | {"file", "string", "password"}


@of_gradio
def test_media_types() -> None:
    import gradio as gr

    from deepaas.ui import page
    from deepaas.ui.tab_names import tab_names

    for media_types, tab, becomes in MEDIA_TYPES:
        for media_type in re.findall(r"`(.+?)`", media_types):
            with gr.Blocks():
                pane = page.pane(Model("m", "m"), media_type)
            (name,) = tab_names([media_type])
            assert name in tab, media_type
            assert component_of(becomes) in map(type, pane.components), media_type


@of_gradio
def test_fields_of_an_answer() -> None:
    import gradio as gr

    from deepaas.ui import outputs

    for code, becomes in FIELDS:
        response: tuple[OutputField, ...] | None
        if code.startswith("`fields."):
            response = described(predict=print, schema={"x": declared(code)}).response
        else:
            response = tuple(OutputField(n, "array") for n in re.findall(r"`(\w+)`", code))
        with gr.Blocks():
            pane = outputs.pane(Model("m", "m", response=response), "application/json")
        ((_, (first, *_)),) = pane.fields
        assert type(first) is component_of(becomes), code


def test_examples(tmp_path: Path) -> None:
    (code,) = blocks(DOCUMENT, "python", "Examples")
    (tmp_path / "examples").mkdir()
    picture = (ROOT / "docs/images/seven.png").read_bytes()[:1000]
    (tmp_path / "examples/seven.png").write_bytes(picture)
    package: dict[str, Any] = {"__file__": str(tmp_path / "api.py")}
    exec(code, package)
    arguments = (Argument("image", "file"), Argument("top", "integer"))
    model = Model("m", "m", predict=arguments, metadata=package["get_metadata"]())
    first, second = examples.read(model, tmp_path)
    assert Path(first["image"]).read_bytes() == Path(second["image"]).read_bytes() == picture
    assert (list(first), second["top"]) == (["image"], 5)


@of_gradio
def test_limits() -> None:
    from deepaas.ui import outputs, page, programs, train_table, trainings

    limits = {
        "text that is shown": f"{outputs.MAX_TEXT_CHARACTERS:,} characters",
        "examples of a model": f"{examples.MAX_COUNT}",
        "a file of an example": f"{examples.MAX_FILE_BYTES >> 10} KiB",
        "files of all examples of a model": f"{examples.MAX_BYTES >> 20} MiB",
        "requests to one model at a time": f"{programs.CALLS_COUNT}",
        "runs in the table": (
            f"{trainings.LIST_COUNT}, with **Show more** {trainings.MAX_LIST_COUNT:,}"
        ),
        "runs in one plot": f"{train_table.MAX_PICKED}",
        "lines of a log": (
            f"the last {training_api.TAIL_COUNT}, of {training_api.MAX_LOG_BYTES >> 10} KiB at most"
        ),
        "files of users and results are kept for": (
            f"{page.KEEP_SECONDS // 3600} hour, and not longer than the process of the page"
        ),
        "the process of the page, if nobody has it open": f"{try_me.IDLE_SECONDS / 60:g} minutes",
    }
    told = dict(tables("Limits")[0])
    assert {what: told[what].partition(";")[0] for what in limits} == limits


def test_nginx_is_configured_as_it_is_tested() -> None:
    (block,) = blocks(DOCUMENT, "nginx")
    tested = CONFIG.format(folder="", port=0, path="/base", host_port=5000, temporary="")
    assert block.split() == re.findall(r"location .*?\}", tested, re.DOTALL)[0].split()


def test_the_command() -> None:
    from deepaas.cmd.ui import _parser

    (line,) = blocks(DOCUMENT, "sh", "The page of another host")
    program, *words = shlex.split(line)
    assert program == "deepaas-ui"
    assert _parser().parse_args(words).api_url == "http://models.example.org:5000"


@pytest.mark.slow
@pytest.mark.xdist_group("demo_host")
def test_gradio_client(tmp_path: Path, demo_host: int) -> None:
    reader = Reader(tmp_path)
    reader.port = demo_host
    (code,) = blocks(DOCUMENT, "python", "Use via API")
    (tmp_path / "call.py").write_text(code.replace("127.0.0.1:5000", f"127.0.0.1:{reader.port}"))
    said = reader.paste(
        ". .venv/bin/activate",
        f"ln -s {shlex.quote(str(ROOT / 'docs'))} docs",
        "python call.py",
    )
    answer, picture = said.splitlines()[-2:]
    assert answer.endswith("7 ['7', '3']")
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
