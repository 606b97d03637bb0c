"use strict";

// Behind a proxy only the browser knows the address that people use.
for (const place of document.querySelectorAll("[data-origin]")) {
  place.textContent = location.origin;
}

// The clipboard API is missing on plain http, except on the own machine.
async function copy(pre) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(pre.textContent);
    return;
  }
  getSelection().selectAllChildren(pre);
  if (!document.execCommand("copy")) throw new Error("copying is not allowed");
}

for (const pre of document.querySelectorAll("figure pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await copy(pre);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  pre.before(button);
}
