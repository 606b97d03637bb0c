"""How Sphinx makes the site: ``make docs``, or
``sphinx-build -W --keep-going -b html docs build/docs``.
"""

from __future__ import annotations

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import deepaas

project = "DEEPaaS"
author = "The DEEPaaS authors"
copyright = "The DEEPaaS authors, Apache License 2.0"  # Sphinx's name for it.
version = release = deepaas.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
suppress_warnings = [
    # JSON that is shortened with an ellipsis is not JSON to the highlighter.
    "misc.highlighting_failure",
]

myst_enable_extensions = ["colon_fence", "html_image"]
myst_heading_anchors = 4

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"DEEPaaS {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["scroll.js"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "default"
pygments_dark_style = "github-dark"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    # The list of imports in architecture.md is a language of its own, for its test.
    app.add_lexer("imports", TextLexer)
