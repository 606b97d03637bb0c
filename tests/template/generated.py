"""Packages made of the template, as somebody who answers its questions gets them."""

from __future__ import annotations

from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).resolve().parents[2] / "template"
STARTS = ("empty", "image-classifier", "tabular", "inverse-problem")
LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-or-later", "AGPL-3.0-only", "none")

ANSWERS = {
    "project_name": "Leaf Counter",
    "author_name": "Ada Lovelace, Gründa Hö, Alan Turing",
    "author_email": "ada@example.org, alan@example.org",
    "description": 'Counts leaves: the "good" ones, it\'s said, and C:\\leaves',
    "app_version": "0.3.0",
}


def generate(folder: Path, **answers: str) -> Path:
    """Make a package below a folder, which is empty or new.

    Args:
        folder: also for what cookiecutter keeps of its own.
        answers: other than `ANSWERS`.

    Returns:
        the folder of the package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "cookiecutter.yaml"
    config.write_text(f"replay_dir: {folder / '.replay'}\ncookiecutters_dir: {folder / '.kept'}\n")
    made = cookiecutter(
        str(TEMPLATE),
        no_input=True,
        extra_context={**ANSWERS, **answers},
        output_dir=str(folder),
        config_file=str(config),
    )
    return Path(made)
