"""The static part of a model's page: header and description.

It is shown before Gradio has loaded, because its large scripts take time on a slow connection.
"""

from __future__ import annotations

import re
from html import escape

from deepaas.client.description import Model
from deepaas.site import style
from deepaas.ui import markdown

CSS = """
body { background: var(--page) !important; }
.standing { box-sizing: border-box; width: 100%; max-width: var(--site-width); margin: 0 auto;
  padding: 1rem var(--site-edge) 0; color: var(--text); font: 1rem/1.5 var(--site-font);
  overflow-wrap: anywhere; }
.standing h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.25; }
.standing p, .standing ul, .standing ol { margin: .25rem 0; }
.standing a { color: var(--accent); text-underline-offset: .2em; }
.standing code, .standing pre { font-family: ui-monospace, "SF Mono", Menlo, monospace;
  font-size: .9em; }
.standing pre { overflow-x: auto; }
.standing dl { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 0; }
.standing dl div { display: flex; gap: .4em; }
.standing dt { font-weight: 600; } .standing dd { margin: 0; }
.standing .loading { color: var(--soft); }
body:has(.gradio-container .block) .standing .loading { display: none; }
"""


def standing(model: Model, header: str, *, several: bool) -> str:
    """Return HTML for the start of the body; with a link to all models if there are several."""
    inputs = ", ".join(argument.name for argument in model.predict or ())
    takes = f" Inputs: {escape(inputs)}." if inputs else ""
    return (
        f"<style>{style()}{CSS}</style>{header}"
        f'<section class="standing" aria-label="About the model">{about(model, several=several)}'
        f'<p class="loading" role="status">Loading the form…{takes}</p>'
        "<noscript><p>This form requires JavaScript.</p></noscript></section>"
    )


def about(model: Model, *, several: bool = False) -> str:
    """Return the description, author and links of the model as HTML."""
    facts = [
        ("Author", escape(model.author)),
        ("Version", escape(model.version)),
        ("License", escape(model.license)),
    ]
    facts += [
        (
            _label(title),
            f'<a href="{escape(url)}" rel="noopener noreferrer" target="_blank">{escape(url)}</a>',
        )
        for title, url in model.links
    ]
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in facts if value
    )
    back = '<p><a href="../">&larr; All models</a></p>' if several else ""
    text = markdown.render(model.description)
    return f"{back}<h1>{escape(model.title)}</h1>{text}{f'<dl>{listed}</dl>' if listed else ''}"


def _label(key: str) -> str:
    """A key of the metadata as a label beside "Author" and "Version"."""
    return "Website" if key.lower() in ("url", "home-page") else f"{key[:1].upper()}{key[1:]}"


def put_before_scripts(html: bytes, what: str) -> bytes:
    """Insert HTML at the start of the body, and move the scripts of the head after it.

    One of these scripts is Gradio's large configuration. Style sheets stay in the head because
    those that are loaded later must come after them.
    """
    head, closing, body = html.partition(b"</head>")
    start = _BODY.search(body)
    if start is None:
        return html
    scripts = b"".join(one[0] for one in _SCRIPT.finditer(head))
    begun, rest = body[: start.end()], body[start.end() :]
    return b"".join((_SCRIPT.sub(b"", head), closing, begun, what.encode(), scripts, rest))


_BODY = re.compile(rb"<body[^>]*>")
_SCRIPT = re.compile(rb"<script[^>]*>.*?</script>", re.DOTALL)
