"""``deepaas-cli new``: creates a model package from the template installed with DEEPaaS."""

from __future__ import annotations

import argparse
import logging
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import deepaas
from deepaas.author_files.lines import shown
from deepaas.cli.output import unwritable
from deepaas.cli.problems import OK, CommandProblem

TEMPLATE = Path(deepaas.__file__).parent / "template"
STARTS = ("empty", "image-classifier", "tabular", "inverse-problem")
LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-or-later", "AGPL-3.0-only", "none")


def add_to(commands: Any) -> None:
    text = "create a model package from a template"
    parser = commands.add_parser(
        "new",
        help=text,
        description=f"{text.capitalize()}: a git repository with a model, tests and a Dockerfile.",
        epilog="example:\n  deepaas-cli new --start tabular 'Leaf Counter'\n"
        "        create ./leaf-counter with the Python package leaf_counter",
    )
    parser.add_argument("name", metavar="NAME", help="name of the project, such as 'Leaf Counter'")
    parser.add_argument(
        "--start",
        type=_any_case(STARTS),
        choices=STARTS,
        default=STARTS[0],
        help="example code: comments only, a network in PyTorch, a random forest in "
        "scikit-learn, or a denoiser in PyTorch that takes and returns tensors "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--to", metavar="DIR", default=".", help="parent folder (default: this one)"
    )
    parser.add_argument("--author", metavar="NAME", help="author (default: git's user.name)")
    parser.add_argument(
        "--email", metavar="EMAIL", help="their e-mail address (default: git's user.email)"
    )
    parser.add_argument(
        "--description",
        metavar="TEXT",
        default="What this model does, in one sentence",
        help="what the model does, in one sentence",
    )
    parser.add_argument(
        "--license",
        type=_any_case(LICENSES),
        choices=LICENSES,
        default=LICENSES[0],
        help="licence (default: %(default)s)",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        from cookiecutter import exceptions
        from cookiecutter.main import cookiecutter
    except ImportError:
        raise CommandProblem(
            "'new' needs cookiecutter, which is not installed: pip install 'deepaas[new]'"
        ) from None
    # It logs tracebacks of its exceptions.
    logging.getLogger("cookiecutter").setLevel(logging.CRITICAL + 1)
    answers = {
        "project_name": options.name,
        "author_name": options.author or _of_git("user.name") or "Your Name",
        "author_email": options.email or _of_git("user.email") or "you@example.org",
        "description": options.description,
        "open_source_license": options.license,
        "start": options.start,
    }
    with tempfile.TemporaryDirectory(prefix="deepaas-new-") as folder:
        # Do not read or write the user's own files of cookiecutter.
        config = Path(folder) / "config.yaml"
        config.write_text(f"replay_dir: {folder}/replay\ncookiecutters_dir: {folder}/kept\n")
        try:
            target = Path(options.to).expanduser()
            target.mkdir(parents=True, exist_ok=True)
            cookiecutter(
                str(TEMPLATE.resolve()),
                no_input=True,
                extra_context=answers,
                output_dir=str(target),
                config_file=str(config),
            )
        except exceptions.OutputDirExistsException as error:
            found = re.search(r'"(.*)"', str(error))
            folder = shown(found[1]) if found else "the folder"
            raise CommandProblem(
                f"{folder} already exists. Choose another NAME, or another parent folder with --to"
            ) from None
        except exceptions.FailedHookException:
            # The hook has already printed the reasons.
            raise CommandProblem("no package was created") from None
        except OSError as error:
            raise unwritable(error) from None
    return OK


def _any_case(choices: Sequence[str]) -> Callable[[str], str]:
    as_written = {choice.lower(): choice for choice in choices}
    return lambda given: as_written.get(given.lower(), given)


def _of_git(key: str) -> str:
    try:
        asked = subprocess.run(["git", "config", key], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()
