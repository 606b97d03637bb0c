"""`deepaas-cli predict` and its like with a model in the same process."""

from __future__ import annotations

import json
import sys

import pytest
from support.prepared import PROGRAMS

from .command import Shell

PRINTED = ("printed by Python", "printed by C", "printed by a child")


def test_the_result_alone_is_on_the_standard_output(shell: Shell) -> None:
    ended = shell.run("predict", "--number", "3")
    assert ended.json == {
        "number": 3,
        "scale": "0.5",
        "flag": "True",
        "kind": "a",
        "sizes": "[1, 2]",
        "options": "{'a': 1}",
    }
    assert ended.output.count(b"\n") == 1
    words = f"{PROGRAMS}/deepaas-cli predict --number 3 >result"
    redirected = shell.run("-c", words, program="/bin/sh")
    assert (redirected.code, redirected.output) == (0, b"")
    assert (shell.folder / "result").read_bytes() == ended.output
    for line in PRINTED:
        assert line in ended.errors
        assert line in redirected.errors


def test_the_model_of_the_folder_is_mentioned(shell: Shell) -> None:
    (shell.folder / "api.py").write_text("def get_metadata(): ...\n")
    listed = shell.run("list", "--json")
    assert {one["name"] for one in listed.json} >= {"command_line", "trains"}
    assert "./api.py in this folder is not installed: deepaas-cli --model . " in listed.errors


def test_values_of_every_form(shell: Shell) -> None:
    (shell.folder / "a b.csv").write_text("content")
    told = shell.run(
        *("predict", "--number=3", "--scale", "-2", "--flag", "no", "--kind", "b"),
        *("--sizes", "3", "4", "--sizes", "5", "--colours", "1,2", "red"),
        *("--options", '{"b": true}', "--point", '{"x": 7}', "--day", "2020-01-02"),
        *("--picture", "a b.csv", "--url", "http://x/?a=b&c=ü"),
    ).json
    assert told == {
        "number": 3,
        "scale": "-2.0",
        "flag": "False",
        "kind": "b",
        "sizes": "[3, 4, 5]",
        "colours": "['1,2', 'red']",
        "options": "{'b': True}",
        "point": "{'x': 7}",
        "day": "2020-01-02",
        "picture": "['a b.csv', 'text/csv', 'content']",
        "url": "http://x/?a=b&c=ü",
    }
    # The model has removed a copy.
    assert (shell.folder / "a b.csv").exists()


def test_values_as_deepaas_2_wants_them(shell: Shell) -> None:
    ended = shell.run(
        *("predict", "--number", "3", "--sizes", "[3, 4]", "--colours", "['a', 'b']"),
        *("--options", "{'a': None}", "--fla", "True"),
    )
    assert "--fla is short for --flag\n" in ended.errors
    told = ended.json
    assert told["sizes"] == "[3, 4]"
    assert told["colours"] == "['a', 'b']"
    assert told["options"] == "{'a': None}"
    assert told["flag"] == "True"


def test_what_does_not_fit_is_told_all_at_once(shell: Shell) -> None:
    ended = shell.run("predict", "--number", "99", "--kind", "c", "--sizes", "1", "x")
    assert (ended.code, ended.output) == (2, b"")
    assert ended.errors.splitlines() == [
        "deepaas-cli: error: invalid arguments of predict:",
        "  --number: Must be greater than or equal to 1 and less than or equal to 10.",
        "  --kind: Must be one of: a, b.",
        "  --sizes: 1: Not a valid integer.",
        "see 'deepaas-cli predict --help'",
    ]


def test_mistakes_have_short_answers(shell: Shell) -> None:
    for words, said in {
        ("predict",): "--number: Missing data for required field.",
        ("predict", "--number", "1", "--picture", "none.png"): "could not read 'none.png': No such",
        ("predict", "--number", "1", "--options", "nonsense"): "--options: invalid JSON",
        (
            "predict",
            "--numbr",
            "1",
        ): "command_line: predict has no argument --numbr. Did you",
        ("predict", "--number", "1", "2"): "unexpected value '2': there is no --ARGUMENT before it",
        (
            "list",
            "--lod",
        ): "deepaas-cli list: error: no such option: --lod. Did you mean --load?",
        ("--modle", "x", "predict"): "no such option: --modle. Did you mean --model?",
        ("predit", "--number", "1"): "no such command: 'predit'. Did you mean predict?",
        ("runs", "canel", "1"): "no such command: 'canel'. Did you mean cancel?",
        ("runs", "list", "--al"): "no such option: --al. Did you mean --all?",
        ("predict", "--api-key", "x"): "before the command: deepaas-cli --api-key … predict",
        ("train",): "command_line has no train function",
        ("--model-name", "nope", "predict"): "Installed models: command_line, ",
        (
            "bogus",
        ): "no such command: 'bogus'. Available commands: get_metadata, warm, predict, train",
    }.items():
        ended = shell.run(*words)
        assert (ended.code, ended.output) == (2, b"")
        assert said in ended.errors
    ended = shell.run("predict", DEEPAAS_V2_MODEL="")
    assert ended.code == 2
    assert "several models are installed: command_line, " in ended.errors


def test_an_error_of_the_author_is_shown_from_the_authors_code_on(shell: Shell) -> None:
    ended = shell.run("predict", "--number", "9")
    assert (ended.code, ended.output) == (1, b"")
    lines = [line for line in ended.errors.splitlines() if line not in PRINTED]
    assert lines[0] == "Traceback (most recent call last):"
    assert "tests/models/command_line.py" in lines[1]
    assert sum(line.startswith("  File") for line in lines) == 2
    assert lines[-1] == "deepaas-cli: error: predict failed: ValueError: boom"


def test_a_refusal_of_the_author_has_no_traceback(shell: Shell) -> None:
    ended = shell.run("predict", "--number", "8")
    assert ended.code == 1
    assert ended.errors.splitlines()[-1].endswith("command_line raised 400: eight is too much")
    assert "Traceback" not in ended.errors


def test_a_standard_output_that_takes_nothing(shell: Shell) -> None:
    for words in ("predict --number 1", "check --no-call plain.py", "list"):
        (shell.folder / "plain.py").touch()
        ended = shell.run("-c", f"{PROGRAMS}/deepaas-cli {words} >/dev/full", program="/bin/sh")
        assert ended.code == 2
        assert ended.errors.splitlines()[-1] == (
            "deepaas-cli: error: could not write the result: No space left on device"
        )
    assert b"command \\u2026" in shell.run("--help", PYTHONIOENCODING="ascii").output


def test_results_in_files(shell: Shell) -> None:
    (shell.folder / "in.bin").write_bytes(bytes(range(256)) * 1000)
    picture = ("--picture", "in.bin", "--accept", "image/png")
    content = (shell.folder / "in.bin").read_bytes()
    assert shell.run("predict", "--number", "1", *picture).output == content
    for option, written in {
        "--output=new/out.bin": "new/out.bin",
        "--deepaas_method_output=two/out": "two/out.png",
        "--deepaas_method_output=out.png": "out.png",
    }.items():
        ended = shell.run(option, "predict", "--number", "1", *picture)
        assert (ended.code, ended.output) == (0, b"")
        assert (shell.folder / written).read_bytes() == content
    shell.run("--deepaas_method_output=out.txt", "predict", "--number", "1")
    assert json.loads((shell.folder / "out.txt.json").read_bytes())["number"] == 1
    assert shell.run("predict", "--number=1", "--accept=text/plain").output == "text é\n".encode()
    ended = shell.run("-o", "in.bin/x", "predict", "--number", "1")
    assert (ended.code, ended.errors.count("Traceback")) == (2, 0)


def test_metadata_and_warm(shell: Shell) -> None:
    metadata = {"name": "command_line", "author": "é"}
    assert shell.run("get_metadata").json == metadata
    ended = shell.run("--workers", "2", "--nowarm", "--config-file", "x", "--debug-endpoint")
    assert ended.json == metadata
    assert "no command given" in ended.errors
    shell.run("--deepaas_method_output", "metadata", "get_metadata")
    assert json.loads((shell.folder / "metadata").read_bytes()) == metadata
    ended = shell.run("warm")
    assert (ended.code, ended.output) == (0, b"")
    assert "in warm" in ended.errors


def test_help_and_lists_load_no_model_and_no_library(shell: Shell) -> None:
    slow = ("rich", "aiohttp", "marshmallow", "torch", "msgspec")
    for words in (("--help",), ("list",), ("runs", "--help")):
        ended = shell.run("-X", "importtime", "-m", "deepaas.cli", *words, program="python")
        assert ended.code == 0
        imported = {line.rpartition("|")[2].strip() for line in ended.errors.splitlines()}
        assert "deepaas.cli.main" in imported
        assert not imported.intersection(slow)
        assert b"command_line" in ended.output or words != ("list",)


def test_models_that_cannot_be_loaded(shell: Shell) -> None:
    shell = Shell(shell.folder / "other", "fails_at_import", "exits_at_import", "plain")
    ended = shell.run("predict")
    assert ended.code == 1
    assert "tests/models/fails_at_import.py" in ended.errors
    *_, todo, problem = ended.errors.splitlines()
    assert problem.startswith("deepaas-cli: error: could not load fails_at_import: ")
    assert todo.endswith("pip install a_library_that_nobody_has")
    if sys.version_info >= (3, 11):  # Before, Python itself looks for modules there.
        (shell.folder / "msgspec.py").write_text("raise RuntimeError")
    rows = {row["name"]: row for row in json.loads(shell.run("list", "--load", "--json").output)}
    assert rows["plain"]["loads"] == "yes"
    assert rows["exits_at_import"]["loads"].startswith("no: could not load exits_at_import")


def test_the_older_command(shell: Shell) -> None:
    shell = Shell(shell.folder / "other", "echo")
    (shell.folder / "in.csv").write_text("content")
    ended = shell.run("-i", "in.csv", "-o", "out", program="deepaas-predict")
    assert ended.code == 0, ended.errors
    assert "use 'deepaas-cli predict'" in ended.errors
    assert ended.output == b"Output saved at out/out_in.json\n"
    assert json.loads((shell.folder / "out" / "out_in.json").read_bytes())


@pytest.mark.parametrize(
    ("asked", "kind", "name"),
    [("image/*", "image", "out_in.png"), ("*/*", "image", "out_in.png"), ("x/*", "no", "")],
)
def test_the_older_command_takes_a_choice_with_a_wildcard(
    asked: str, kind: str, name: str, shell: Shell
) -> None:
    shell = Shell(shell.folder / "other", "wildcards")
    (shell.folder / "in.csv").write_text("content")
    ended = shell.run("-i", "in.csv", "-o", "out", "-ct", asked, program="deepaas-predict")
    if kind == "no":
        assert ended.code != 0
        assert "accept" in ended.errors
    else:
        assert ended.code == 0, ended.errors
        assert ended.output == f"Output saved at out/{name}\n".encode()
        assert (shell.folder / "out" / name).read_bytes() == b"a picture"
