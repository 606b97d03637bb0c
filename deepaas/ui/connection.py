"""Shows when the connection to the server is lost, and reconnects."""

CSS = """
.connection { position: fixed; inset: 0.75rem 0.75rem auto; z-index: 10000; margin: 0 auto;
  width: fit-content; max-width: calc(100% - 1.5rem); padding: 0.6rem 1rem; border-radius: 6px;
  background: #7f1d1d; color: #fff; font-family: var(--font); box-shadow: 0 2px 8px #0006; }
.gradio-container:has(.connection) .toast-wrap { display: none; }
"""

JS = """() => {
  const PAUSE_MS = 3000;
  const page = location.pathname, key = `deepaas input ${page} running`;
  const form = document.querySelector(".form-side");
  const isRunning = () => form?.querySelector(".waiting.busy") != null;
  let id = window.gradio_config?.app_id, note = null;

  // After a reload, the page knows which call was running.
  if (form) {
    new MutationObserver(() => {
      if (!isRunning()) sessionStorage.removeItem(key);
      else if (!sessionStorage.getItem(key)) sessionStorage.setItem(key, "going");
    }).observe(form.querySelector(".run-bar"), {childList: true, subtree: true});
  }
  const say = words => {
    if (!note) {
      note = document.createElement("div");
      note.className = "connection";
      note.setAttribute("role", "alert");
      document.querySelector(".gradio-container").append(note);
    }
    if (note.textContent !== words) note.textContent = words;
  };
  const look = async () => {
    let now;
    try {
      const answer = await fetch("gradio_api/app_id", {cache: "no-store"});
      if (answer.status >= 500) throw new Error(answer.status);
      now = answer.ok ? (await answer.json()).app_id : "gone";
    } catch {
      if (isRunning()) sessionStorage.setItem(key, "lost");
      say("The server is not responding. Reconnecting… Your inputs are kept.");
      return;
    }
    id ??= now;
    if (now !== id || (note && isRunning())) location.reload();
    note?.remove();
    note = null;
  };
  const watch = async () => {
    if (!document.hidden) await look();
    setTimeout(watch, PAUSE_MS);
  };
  addEventListener("online", look);
  setTimeout(watch, PAUSE_MS);
}"""
"""Runs once in the browser, when the page is ready."""
