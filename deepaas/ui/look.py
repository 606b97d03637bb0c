"""The theme, the style sheet and the script of a model's page, light and dark."""

from __future__ import annotations

import gradio as gr

_BLUES = {
    "c50": "#eef5fa",
    "c100": "#d9e8f3",
    "c200": "#b4d1e6",
    "c300": "#8cc4ee",
    "c400": "#5599c7",
    "c500": "#2f73a3",
    "c600": "#24587e",
    "c700": "#1d4868",
    "c800": "#173a54",
    "c900": "#122e43",
    "c950": "#0c2030",
}
"""Shades of the accent colour of the other pages."""

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Menlo", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """Return a theme with the colours of the other pages, and fonts of the system."""
    made = gr.themes.Default(
        primary_hue=gr.themes.Color(**_BLUES),
        secondary_hue=gr.themes.Color(**_BLUES),
        font=list(_SANS),
        font_mono=list(_MONO),
    )
    return made.set(
        body_background_fill="var(--page)",
        body_background_fill_dark="var(--page)",
        body_text_color="var(--text)",
        body_text_color_dark="var(--text)",
        block_background_fill="var(--card)",
        block_background_fill_dark="var(--card)",
        input_background_fill="var(--card)",
        input_background_fill_dark="var(--code)",
        block_label_background_fill="var(--card)",
        block_label_background_fill_dark="var(--card)",
        border_color_primary="var(--line)",
        border_color_primary_dark="var(--line)",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_500",
        link_text_color="var(--accent)",
        link_text_color_dark="var(--accent)",
    )


CSS = """
.gradio-container { --block-info-text-color: #52525b; --block-title-text-color: #3f3f46;
  --block-label-text-color: #3f3f46; --body-text-color-subdued: #52525b;
  --input-placeholder-color: #6b6b73; }
.gradio-container { background: none !important; }
.gradio-container .app { max-width: var(--site-width) !important; margin: 0 auto !important;
  padding: 0.75rem var(--site-edge) 2rem !important; box-sizing: border-box; }
.gradio-container, .dark .gradio-container, .dark.gradio-container {
  --button-cancel-background-fill: #b91c1c; --button-cancel-background-fill-hover: #991b1b;
  --button-cancel-text-color: #fff; }
.dark .gradio-container, .dark.gradio-container, .dark { --block-info-text-color: #d4d4d8;
  --block-title-text-color: #e4e4e7; --block-label-text-color: #e4e4e7;
  --body-text-color-subdued: #d4d4d8; --input-placeholder-color: #a1a1aa;
  --link-text-color: #93c5fd; }
.gradio-container .tab-container button.selected { color: var(--accent); }
.gradio-container .cm-editor .cm-line span { color: var(--body-text-color) !important; }
.gradio-container .json-node .key { color: #9a3412 !important; }
.gradio-container .json-node .value { color: #155e75 !important; }
.dark .gradio-container .json-node .key, .json-node.dark-mode .key { color: #fdba74 !important; }
.dark .gradio-container .json-node .value, .json-node.dark-mode .value {
  color: #a5f3fc !important; }
.gradio-container time, .gradio-container .playback span {
  color: var(--body-text-color-subdued) !important; }
.argument { gap: 0.25rem !important; }
.argument .about { margin: -0.5rem 0 0 !important; padding: 0 0.25rem;
  color: var(--body-text-color); font-size: var(--text-sm); line-height: 1.4;
  overflow-wrap: anywhere; }
.argument .about code { font-family: var(--font-mono); }
.gradio-container .bare { padding: 0; border: 0; background: none; }
.complaint, .trouble { margin: 0; padding: 0.5rem 0.75rem; border-left: 4px solid #b91c1c;
  border-radius: 4px; background: #fef2f2; color: #7f1d1d; overflow-wrap: anywhere; }
.dark .complaint, .dark .trouble { background: #450a0a; color: #fee2e2; border-color: #f87171; }
.trouble ul { margin: 0.25rem 0 0; padding-left: 1.25rem; list-style: disc; }
.waiting { margin: 0; color: var(--body-text-color); display: flex; gap: 0.6em;
  align-items: center; }
.waiting.busy::before { content: ""; width: 1em; height: 1em; border-radius: 50%; flex: none;
  border: 2px solid var(--border-color-primary); border-top-color: var(--color-accent);
  animation: deepaas-turn 0.9s linear infinite; }
@keyframes deepaas-turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .waiting.busy::before { animation: none; } }
.gradio-container video { max-height: 24rem; object-fit: contain; }
.answer-frame { width: 100%; min-height: 24rem; border: 1px solid var(--border-color-primary);
  border-radius: 6px; background: #fff; }
.style-only { display: none !important; }
"""
NAMES_JS = """() => {
  const names = () => {
    for (const one of document.querySelectorAll(".empty[aria-label]:not([role])"))
      one.setAttribute("role", "img");
    for (const one of document.querySelectorAll("button.calendar:not([aria-label])"))
      one.setAttribute("aria-label", "Choose a date");
    for (const box of document.querySelectorAll(".argument")) {
      const label = box.querySelector("[data-testid=block-info], [data-testid=block-label]");
      const unnamed = "input.time:not([aria-label]), .cm-content[aria-label^='Code input']";
      for (const one of label ? box.querySelectorAll(unnamed) : [])
        one.setAttribute("aria-label", label.textContent.trim());
    }
  };
  new MutationObserver(names).observe(document.body, {childList: true, subtree: true});
  names();
  document.addEventListener("keydown", event => {
    if (event.key === "Tab" && event.target.closest(".cm-editor")) event.stopPropagation();
  }, true);
}"""
"""Adds missing names of Gradio's elements for screen readers, and lets the Tab key leave its
editors."""
