"""Keeps inputs in the browser during a reload, and creates links with them.

Files and passwords are not kept. A link has the values after the ``#``, which is never sent to a
server.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from deepaas.client.description import Argument
from deepaas.ui.inputs import Form

_KINDS = {"integer": "number", "number": "number", "boolean": "boolean"}


def keep(page: gr.Blocks, form: Form, trouble: gr.HTML | None = None) -> None:
    """Keep the inputs of a form; ``trouble`` shows messages after a reload."""
    found = list(zip(form.arguments, form.components, strict=True))
    typed = [(argument, c) for argument, c in found if is_typed(argument, c)]
    files = [c for _, c in found if _is_file(c)]
    fields = [field(argument, component) for argument, component in typed]
    told = {"form": form.name, "fields": fields, "folded": sorted(form.folded)}
    restored = [component for _, component in typed]
    more = [form.more] if form.more is not None else []
    said = [trouble] if trouble is not None else []
    options: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    first = form.shown[-1].then if form.shown else page.load
    event = first(
        None,
        None,
        [*said, *more, *restored],
        js=_with(RESTORE_JS, told | {"says": bool(said), "folds": bool(more)}),
        **options,
    )
    form.shown.append(event)
    filled: list[Any] = [*restored, *files]
    changes = [component.change for component in filled]
    if changes:
        gr.on(changes, None, filled, None, js=_with(SAVE_JS, told), **options)


def offer_link(form: Form, said: gr.HTML) -> None:
    """Add a button that copies the URL of the page with the inputs."""
    found = list(zip(form.arguments, form.components, strict=True))
    typed = [(argument, c) for argument, c in found if is_typed(argument, c)]
    told = {
        "fields": [field(argument, component) for argument, component in typed],
        "rest": len(typed) < len(found),
    }
    button = gr.Button("Copy link", scale=0, min_width=150)
    button.click(
        None,
        [component for _, component in typed],
        said,
        js=_with(LINK_JS, told),
        api_visibility="private",
        show_progress="hidden",
    )


def is_typed(argument: Argument, component: gr.components.Component) -> bool:
    """Whether the browser can keep the value of an input."""
    return argument.kind != "password" and not _is_file(component)


def field(argument: Argument, component: gr.components.Component) -> dict[str, Any]:
    """Return the properties of an input for the browser."""
    choices = list(argument.choices) or None
    kind = "any" if argument.many or choices else _KINDS.get(argument.kind, "text")
    value = component.value
    return {
        "name": argument.name,
        "kind": kind,
        "many": argument.many,
        "choices": choices,
        "default": None if callable(value) else value,
    }


def _is_file(component: gr.components.Component) -> bool:
    return isinstance(component, gr.Image | gr.Audio | gr.Video | gr.File)


def _with(script: str, told: Any) -> str:
    return script.replace("TOLD", json.dumps(told), 1)


RESTORE_JS = """() => {
  const told = TOLD, key = `deepaas ${told.form} ${location.pathname}`;
  const read = (field, text) => {
    if (field.many) {
      const all = JSON.parse(text);
      return Array.isArray(all) ? all.filter(one => field.choices.includes(one)) : undefined;
    }
    if (field.choices) return field.choices.find(one => String(one) === text);
    if (field.kind === "number") return text === "" ? null
      : Number.isFinite(Number(text)) ? Number(text) : undefined;
    if (field.kind === "boolean") return {true: true, false: false}[text];
    return text;
  };
  let stored = null;
  try { stored = JSON.parse(sessionStorage.getItem(key)); } catch {}
  const hash = told.form === "input" ? location.hash : "";
  if (stored?.hash !== hash && (hash || !stored)) stored = null;
  const link = new URLSearchParams(hash.slice(1));
  const found = {};
  for (const field of told.fields) {
    if (stored) {
      if (field.name in stored.values) found[field.name] = stored.values[field.name];
    } else if (link.has(field.name)) {
      try {
        const value = read(field, link.get(field.name));
        if (value !== undefined) found[field.name] = value;
      } catch {}
    }
  }
  // From now on it can be overwritten.
  (window.deepaas ??= {})[key] = true;
  addEventListener("hashchange", () => location.reload());
  const update = values => ({__type__: "update", ...values});
  const answer = told.fields.map(field =>
    field.name in found ? found[field.name] : update({}));
  const differs = field => field.name in found
    && JSON.stringify(found[field.name]) !== JSON.stringify(field.default);
  if (told.folds) answer.unshift(update(
    told.fields.some(field => told.folded.includes(field.name) && differs(field))
      ? {open: true} : {}));
  if (!told.says) return answer;
  const lines = [], item = `${key} running`, running = sessionStorage.getItem(item);
  sessionStorage.removeItem(item);
  if (running) lines.push(running === "lost"
    ? "The connection was lost while the model was running. Press Run to try again."
    : "The page was reloaded while the model was running. Press Run to try again.");
  if (stored?.files?.length) {
    const names = document.createElement("b");
    names.textContent = stored.files.join(", ");
    lines.push(`Please attach these files again: ${names.outerHTML}`);
  }
  const html = lines.map(line => `<p>${line}</p>`).join("");
  return [update(lines.length
    ? {value: `<div class="trouble" role="alert">${html}</div>`, visible: true} : {}), ...answer];
}"""

SAVE_JS = """(...values) => {
  const told = TOLD, key = `deepaas ${told.form} ${location.pathname}`;
  if (!window.deepaas?.[key]) return [];
  const typed = told.fields.map((field, at) => [field.name, values[at]]);
  const files = values.slice(told.fields.length).flat().filter(Boolean)
    .map(file => file.orig_name ?? file.video?.orig_name).filter(Boolean);
  const kept = {hash: location.hash, values: Object.fromEntries(typed), files};
  try { sessionStorage.setItem(key, JSON.stringify(kept)); } catch {}
  return [];
}"""

LINK_JS = """async (...values) => {
  const told = TOLD, link = new URLSearchParams();
  told.fields.forEach((field, at) => {
    const value = values[at], same = JSON.stringify(value) === JSON.stringify(field.default);
    if (same || value === undefined || (value ?? "") === (field.default ?? "")) return;
    link.set(field.name, field.many ? JSON.stringify(value) : String(value ?? ""));
  });
  const key = `deepaas input ${location.pathname}`;
  history.replaceState(history.state, "", `#${link}`);
  try {
    const stored = JSON.parse(sessionStorage.getItem(key));
    if (stored) sessionStorage.setItem(key, JSON.stringify({...stored, hash: location.hash}));
  } catch {}
  let words = "Link copied";
  try { await navigator.clipboard.writeText(location.href); }
  catch { words = "The link is in the address bar"; }
  const rest = told.rest ? ". It does not include files and passwords." : ".";
  return `<p class="waiting" role="status"><span>${words}${rest}</span></p>`;
}"""
