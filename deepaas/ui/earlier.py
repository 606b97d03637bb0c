"""Shows earlier results again. The browser keeps them while the page is open; small ones survive a
reload."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from deepaas.ui.inputs import Form
from deepaas.ui.kept import field, is_typed

KEPT_COUNT = 10


class Earlier:
    """The list of earlier results, hidden if there is only one."""

    def __init__(self) -> None:
        self._list = gr.Dropdown(
            [], label="Earlier results", visible=False, elem_classes="earlier", interactive=True
        )

    def connect(
        self,
        page: gr.Blocks,
        ran: Dependency,
        form: Form,
        chosen: Component,
        status: gr.HTML,
        answers: Sequence[Component],
        tabs: gr.Tabs | None,
    ) -> None:
        """Store each result, and show the selected one.

        Args:
            ran: the event of Run.
            chosen: the media type of the visible pane.
            status: the status of the call.
            answers: the components of all panes.
        """
        found = zip(form.arguments, form.components, strict=True)
        typed = [(argument, c) for argument, c in found if is_typed(argument, c)]
        told = {
            "count": KEPT_COUNT,
            "fields": [field(argument, component) for argument, component in typed],
            "hides": [not component.visible for component in answers],
            "tabs": tabs is not None,
        }
        options: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

        def script(then: str) -> str:
            # What is told comes last: its words may be any.
            return JS.replace("THEN", then, 1).replace("TOLD", json.dumps(told), 1)

        inputs = [status, chosen, *(component for _, component in typed), *answers]
        ran.then(None, inputs, self._list, js=script("note"), **options)
        shown = [status, *([tabs] if tabs is not None else []), chosen, *answers]
        self._list.input(None, self._list, shown, js=script("show"), **options)
        page.load(None, None, self._list, js=script("restore"), **options)


JS = """(...given) => {
  const told = TOLD, key = `deepaas answers ${location.pathname}`;
  const state = window.deepaas ??= {}, id = window.gradio_config?.app_id;
  const update = values => ({__type__: "update", ...values});
  const list = least => {
    const all = state.answers;
    return update({visible: all.length >= least, value: all.at(-1)?.name ?? null,
      choices: all.map(one => [one.name, one.name]).reverse()});
  };
  const has = value => value != null && value !== "" && !(Array.isArray(value) && !value.length)
    && !(Array.isArray(value.data) && !value.data.flat().some(cell => cell !== ""));
  const then = {
    restore: () => {
      state.answers ??= [];
      try {
        // Files of an earlier server process no longer exist.
        state.answers = JSON.parse(sessionStorage.getItem(key) ?? "[]").filter(one =>
          one.id === id || !JSON.stringify(one.values).includes('"gradio.FileData"'));
      } catch {}
      return {...list(1), value: null};
    },
    note: () => {
      const [status, chosen, ...rest] = given;
      if (!status.includes(">Done")) return update({});
      const filled = told.fields.map((field, at) => [field, rest[at]])
        .filter(([field, value]) => has(value)
          && JSON.stringify(value) !== JSON.stringify(field.default))
        .map(([field, value]) => `${field.name}: ${field.many ? value.join(", ") : value}`);
      const clock = new Date().toLocaleTimeString();
      const words = filled.join(", ").replace(/\\s+/g, " ");
      let name = clock + (words && ` – ${words.length > 60 ? words.slice(0, 60) + "…" : words}`);
      while (state.answers.some(one => one.name === name)) name += " ";
      state.answers.push({name, id, chosen, values: rest.slice(told.fields.length)});
      state.answers.splice(0, state.answers.length - told.count);
      const small = state.answers.filter(one => JSON.stringify(one).length < 200000);
      try { sessionStorage.setItem(key, JSON.stringify(small)); } catch {}
      return list(2);
    },
    show: () => {
      const one = state.answers.find(one => one.name === given[0]);
      const count = 2 + told.tabs + told.hides.length;
      if (!one) return Array(count).fill(update({}));
      const values = told.hides.map((hides, at) => {
        const value = one.values[at] ?? null;
        return update(hides ? {value, visible: has(value)} : {value});
      });
      const said = document.createElement("span");
      said.textContent = `Result of ${one.name}`;
      const status = `<p class="waiting" role="status">${said.outerHTML}</p>`;
      const tab = told.tabs ? [update({selected: one.chosen})] : [];
      return [status, ...tab, one.chosen, ...values];
    },
  };
  return then.THEN();
}"""
