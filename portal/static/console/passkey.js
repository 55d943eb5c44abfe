// Asks the browser for a passkey and sends its answer with the form that the button stands in.
(() => {
  "use strict";
  const problem = document.querySelector("[data-passkey-problem]");

  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (window.webauthnJSON?.supported()) button.addEventListener("click", () => use(button));
    else { button.disabled = true; say("unsupported"); }
  }

  async function use(button) {
    const form = button.form;
    problem.hidden = true;
    button.disabled = true;
    try {
      const said = await options(form);
      const answer = button.dataset.passkey === "create"
        ? await window.webauthnJSON.create(wanted(said.creation_options, form))
        : await window.webauthnJSON.get(said.request_options);
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch (fault) {
      say(fault instanceof TypeError ? "lost" : "cancelled");
      button.disabled = false;
    }
  }

  async function options(form) {
    const onPage = document.getElementById("passkey-options");
    if (onPage) return JSON.parse(onPage.textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new TypeError("no options");
    return answer.json();
  }

  // A passkey that signs in alone has to know the account and its owner; any other only has to be there.
  function wanted(creation, form) {
    const alone = form.elements.passwordless.checked;
    const selection = creation.publicKey.authenticatorSelection;
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = alone;
    if (alone) selection.userVerification = "required";
    return creation;
  }

  function say(what) {
    problem.textContent = problem.dataset[what];
    problem.hidden = false;
  }
})();
