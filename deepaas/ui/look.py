"""The style sheet and the script of a model's page, light and dark."""

CSS = """
@font-face { font-family: "Source Sans Pro"; font-weight: 600; font-display: swap;
  src: url("static/fonts/SourceSansPro/SourceSansPro-Bold.woff2") format("woff2"); }
@font-face { font-family: "IBM Plex Mono"; font-weight: 600; font-display: swap;
  src: url("static/fonts/IBMPlexMono/IBMPlexMono-Bold.woff2") format("woff2"); }
.gradio-container { --block-info-text-color: #52525b; --block-title-text-color: #3f3f46;
  --block-label-text-color: #3f3f46; --body-text-color-subdued: #52525b;
  --input-placeholder-color: #6b6b73; --button-primary-background-fill: #c2410c;
  --button-primary-background-fill-hover: #9a3412; }
.gradio-container, .dark .gradio-container, .dark.gradio-container {
  --button-cancel-background-fill: #b91c1c; --button-cancel-background-fill-hover: #991b1b;
  --button-cancel-text-color: #fff; }
.dark .gradio-container, .dark.gradio-container, .dark { --block-info-text-color: #d4d4d8;
  --block-title-text-color: #e4e4e7; --block-label-text-color: #e4e4e7;
  --body-text-color-subdued: #d4d4d8; --input-placeholder-color: #a1a1aa;
  --link-text-color: #93c5fd; }
.gradio-container .tab-container button.selected { color: #b03a0a; }
.dark .gradio-container .tab-container button.selected { color: #fdba74; }
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
.about-model { overflow-wrap: anywhere; }
.argument .about code { font-family: var(--font-mono); }
.about-model h1 { font-size: var(--text-xxl); font-weight: 600; margin: 0 0 0.25rem; }
.about-model p { margin: 0.25rem 0; color: var(--body-text-color); white-space: pre-line; }
.about-model dl { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0 0; }
.about-model dl div { display: flex; gap: 0.4em; }
.about-model dt { font-weight: 600; } .about-model dd { margin: 0; }
.about-model a { padding: 0 !important; color: var(--link-text-color); text-decoration: underline; }
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
"""The fonts: of these weights Gradio's own files have but a few letters."""

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
"""Gives names to those of Gradio's elements that have none for a screen reader, and lets the Tab
key leave its editors, which would keep it."""
