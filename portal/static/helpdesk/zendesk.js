// Asks the Zendesk page around this frame which ticket is open (the messages of the Zendesk Apps framework), then goes on to its case.
(() => {
  "use strict";
  const form = document.getElementById("ticket");
  const { origin, app } = form.dataset;

  window.addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== window.parent) return;
    const said = read(event.data);
    if (said.key === "zaf.app.registered") ask();
    const ticket = said.result?.["ticket.id"];
    if (said.id === 1 && ticket) {
      form.elements.ticket.value = String(ticket);
      form.submit();
    }
  });
  tell({ key: "iframe.handshake", message: { version: "2.0.0" } });

  function ask() {
    tell({ id: 1, request: "get", params: ["ticket.id"] });
  }

  function tell(message) {
    window.parent.postMessage(JSON.stringify({ ...message, appGuid: app, instanceGuid: app }), origin);
  }

  function read(data) {
    if (typeof data !== "string") return data ?? {};
    try {
      return JSON.parse(data) ?? {};
    } catch {
      return {};
    }
  }
})();
