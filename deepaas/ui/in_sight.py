"""Keeps the next step visible: Run and its status at the edge of the window, the result next to the
form. On a phone the result is below the form, and the page scrolls to it.

Outputs are folded to their names until there is a result; those that it does not have are hidden.
"""

CSS = """
.gradio-container { overflow: clip !important; }
html { scroll-padding: 1rem 0 8rem; }
.call { z-index: 1; }
.call > .column { align-self: flex-start; }
@media (min-width: 720px) {
  .call > .column { position: sticky; top: 1rem; }
  .call > .form-side { top: min(1rem, calc(100dvh - var(--height, 0px))); }
}
.call .form-side .run-bar { position: sticky; bottom: 0; z-index: 50; gap: 0.5rem;
  padding: 0.5rem 0; background: var(--body-background-fill); }
.run-bar .row { flex-wrap: nowrap; }
.run-bar .row button { min-width: 0; white-space: nowrap; }
.run-bar .block:has(.waiting > span:empty) { display: none; }
.run-bar .trouble { max-height: 35dvh; overflow-y: auto; }
.trouble a { color: inherit; text-decoration: underline; padding: 0 !important; }
.argument .block:has([data-testid=upload-text]) { height: auto !important; min-height: 0; }
.argument button.upload-container:has([data-testid=upload-text]) {
  height: auto !important; padding: 2rem 0.5rem 0.75rem; }
.argument button.upload-container .wrap { flex-flow: row wrap; gap: 0.25rem 0.4rem; min-height: 0;
  padding: 0; font-size: var(--text-md); line-height: 1.4; }
.argument button.upload-container .icon-wrap { width: 1.25rem; margin: 0; }
.answer-side .block:has(.empty) { height: auto !important; min-height: 0; }
.answer-side .block:has(.empty) label { position: static; }
.answer-side .empty, .answer-side .empty-wrapper,
.answer-side label:has(textarea:placeholder-shown) > :not([data-testid=block-info]),
.answer-side .argument:has(.empty) .block:has(.about),
.call:has(.waiting > span:not(:empty)) .answer-side
  .argument:has(.empty, textarea:placeholder-shown) { display: none; }
.answer-side label:has(textarea:placeholder-shown) > span { margin: 0; }
"""

JS = """() => {
  // Gradio does not tell screen readers whether an accordion is open.
  const tell = () => {
    for (const fold of document.querySelectorAll(".label-wrap")) {
      const open = String(fold.classList.contains("open"));
      if (fold.ariaExpanded !== open) fold.ariaExpanded = open;
    }
  };
  tell();
  new MutationObserver(tell).observe(document.body,
    {subtree: true, childList: true, attributes: true, attributeFilter: ["class"]});

  const pace = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  const side = name => document.querySelector(`.call > .${name}`);
  const form = side("form-side");
  if (!form) return;
  new ResizeObserver(() => form.style.setProperty("--height", `${form.offsetHeight}px`))
    .observe(form);

  // Do not scroll if the user is doing something else.
  let last = form.querySelector(".waiting")?.dataset.end, elsewhere = false;
  const leave = event => {
    if (!event.target.closest?.(".run-bar")) elsewhere = true;
  };
  for (const kind of ["pointerdown", "wheel", "touchmove", "keydown"])
    document.addEventListener(kind, leave, {passive: true});
  document.addEventListener("click", event => {
    if (event.target.closest?.(".form-side .run")) elsewhere = false;
  });
  const show = (element, block, least) => {
    const {top} = element.getBoundingClientRect();
    if (top < 0 || top > innerHeight - least) element.scrollIntoView({block, behavior: pace});
  };
  const look = () => {
    const end = form.querySelector(".waiting")?.dataset.end;
    if (!end || end === last) return;
    last = end;
    // An input in an accordion that opens takes a moment to appear.
    for (const wait of [0, 300, 900]) setTimeout(bring, wait);
  };
  const bring = () => {
    if (elsewhere) return;
    const wrong = form.querySelector(".complaint");
    if (wrong) show(wrong, "center", 250);
    else if (!form.querySelector(".trouble")) show(side("answer-side"), "start", 300);
  };
  new MutationObserver(look).observe(
    form.querySelector(".run-bar"), {childList: true, subtree: true, attributes: true});

  document.addEventListener("click", event => {
    const link = event.target.closest?.(".trouble a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const place = document.getElementById(link.hash.slice(1));
    place?.scrollIntoView({block: "center", behavior: pace});
    place?.querySelector("input:not([type=file]), textarea, button, [contenteditable=true]")
      ?.focus({preventScroll: true});
  });

  const ends = target => target.matches("input, textarea[rows='1']")
    && !target.matches("[type=checkbox], [type=radio], [type=file], [role]")
    && !target.closest("[aria-expanded=true]");
  document.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.altKey) return;
    const place = event.target.closest(".form-side, .train-side");
    if (!place) return;
    const all = event.ctrlKey || event.metaKey;
    const enters = place === form && event.target.closest(".argument") && ends(event.target);
    if (!all && !enters) return;
    event.preventDefault();
    event.stopPropagation();
    // Some inputs only update when they lose the focus.
    const typed = document.activeElement;
    typed.blur();
    typed.focus({preventScroll: true});
    setTimeout(() => place.querySelector("button.run").click());
  }, true);
}"""
"""Runs once in the browser, when the page is ready."""
