// Solves the task of a form that asks for a proof of work, in ALTCHA's own workers (altcha 3.2.2, unchanged). Without it,
// or where it fails, the form is as good after the waiting time that it names.
(() => {
  "use strict";
  const MOST_WORKERS = 4;
  const LONGEST = 90_000;

  const part = document.querySelector("[data-proof]");
  const form = part?.closest("form");
  if (!form || !window.Worker || !window.crypto?.subtle) return;

  const state = part.querySelector("[data-proof-state]");
  const progress = part.querySelector("[data-proof-progress]");
  const wait = part.querySelector("[data-proof-wait]");
  const solution = form.elements.namedItem("altcha");
  const challenge = JSON.parse(part.dataset.challenge);
  const workers = [];
  // The button was pressed before the page came back with the task; whoever then changes something presses it again.
  let pressed = "goesOn" in part.dataset ? form.querySelector('button[type="submit"]:not([name])') : null;
  let working = false;

  form.addEventListener("input", () => { pressed = null; });
  form.addEventListener("submit", (event) => {
    if (!working) return;
    event.preventDefault();
    pressed = event.submitter;
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => { if (event.persisted && !solution.value) begin(); });
  begin();

  function begin() {
    working = true;
    wait.hidden = true;
    progress.hidden = false;
    state.textContent = part.dataset.working;
    const count = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, MOST_WORKERS));
    for (let start = 0; start < count; start += 1) {
      const worker = new Worker(part.dataset.worker);
      worker.addEventListener("message", (event) => (event.data?.derivedKey ? solved(event.data) : failed()));
      worker.addEventListener("error", failed);
      worker.postMessage({ type: "work", challenge, counterStart: start, counterStep: count, timeout: LONGEST });
      workers.push(worker);
    }
  }

  function solved(found) {
    if (!working) return;
    stop();
    solution.value = window.btoa(JSON.stringify({ challenge, solution: found }));
    state.textContent = pressed ? part.dataset.goingOn : part.dataset.solved;
    if (pressed) form.requestSubmit(pressed);
  }

  function failed() {
    if (!working) return;
    stop();
    state.textContent = "";
    wait.hidden = false;
  }

  function stop() {
    working = false;
    progress.hidden = true;
    for (const worker of workers.splice(0)) worker.terminate();
  }
})();
