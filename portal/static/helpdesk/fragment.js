// What a helpdesk's link says behind the # (#c=<company>&e=<address>) goes into the form. Browsers never send it anywhere; it is taken off the address at once, so that it is not shared or kept either.
(() => {
  "use strict";
  const LONGEST = { c: 64, e: 254 };
  const said = fragment(window.location.hash.slice(1));
  const form = document.getElementById("id_address");

  if (form) {
    fill(document.getElementById("id_company_id"), said.c);
    fill(form, said.e);
    if (window.location.hash.includes("=")) {
      window.history.replaceState(null, "", window.location.pathname + window.location.search);
    }
  } else if (said.c || said.e) {
    for (const link of document.querySelectorAll("a[data-pass-on]")) link.hash = window.location.hash;
  }

  // The address stands last and may hold signs that would part it otherwise: helpdesks put it in as it is.
  function fragment(text) {
    const found = /^(?:c=(?<c>[^&]*))?&?(?:e=(?<e>.*))?$/s.exec(text)?.groups ?? {};
    return { c: usable(found.c, LONGEST.c), e: usable(found.e, LONGEST.e) };
  }

  function usable(raw, longest) {
    const text = decoded(raw ?? "").trim();
    // Braces are a placeholder that the helpdesk did not fill in.
    return text.length <= longest && !/[\p{C}{}]/u.test(text) ? text : "";
  }

  function decoded(raw) {
    try {
      return decodeURIComponent(raw);
    } catch {
      return raw;
    }
  }

  function fill(field, text) {
    if (field && text && !field.value) field.value = text;
  }
})();
