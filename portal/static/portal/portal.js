// Copy buttons, focus on the error summary, and words for screen readers when a polled part changes. Everything works without it.
(() => {
  "use strict";
  const announcements = document.getElementById("announcements");

  document.querySelector("[data-focus]")?.focus();
  prepare(document);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const print = event.target.closest("[data-print]");
    if (print) window.print();
  });

  document.body.addEventListener("htmx:load", (event) => {
    prepare(event.detail.elt);
    announceMilestone(event.detail.elt);
  });

  function prepare(root) {
    for (const button of root.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
      say(announcements.dataset.copied, button);
    } catch {
      if (source.select) source.select();
      else window.getSelection().selectAllChildren(source);
      say(announcements.dataset.selected, button);
    }
  }

  function say(text, button) {
    announcements.textContent = text;
    const label = button.dataset.label ?? button.textContent;
    button.dataset.label = label;
    button.textContent = text;
    window.setTimeout(() => { button.textContent = label; }, 2500);
  }

  function announceMilestone(root) {
    const milestone = root.querySelector("[data-milestone]")?.textContent.replace(/\s+/g, " ").trim();
    if (milestone && milestone !== announcements.textContent) announcements.textContent = milestone;
  }
})();
