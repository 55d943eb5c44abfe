// Warns before the session ends, and lets the agent stay without leaving the page. Without it the footer says when.
(() => {
  "use strict";
  const form = document.getElementById("session-end");
  if (!form) return;
  const warnBefore = Number(form.dataset.warnBefore);
  const warning = form.querySelector("[data-warning]");
  const stay = form.querySelector("[data-stay]");
  const again = form.querySelector("[data-again]");
  const LATER = 30;
  let timer;

  tell({ seconds: Number(form.dataset.seconds), last: Boolean(form.dataset.last) });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ method: "POST", body: new FormData(form) });
  });
  // A laptop that slept has lost its timers.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });

  function wait(seconds) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, Math.max(1, seconds > warnBefore ? seconds - warnBefore + 1 : seconds + 1) * 1000);
  }

  // Another tab may have put the end off, so the server is asked; asking is no use of the session.
  async function ask(how = {}) {
    let answer;
    try {
      answer = await fetch(form.action, { ...how, headers: { "HX-Request": "true" }, redirect: "manual" });
    } catch {
      wait(LATER + warnBefore);
      return;
    }
    if (!answer.ok) { show("over"); return; }
    tell(await answer.json());
  }

  function tell({ seconds, last }) {
    if (seconds > warnBefore) form.hidden = true;
    else show(last ? "last" : "soon");
    wait(seconds);
  }

  function show(what) {
    const words = form.querySelector(`[data-words="${what}"]`).content.textContent.trim();
    if (warning.textContent !== words || form.hidden) warning.textContent = words;
    stay.hidden = what !== "soon";
    again.hidden = what !== "over"; // whoever is signed in still is led back by it
    form.hidden = false;
  }
})();
