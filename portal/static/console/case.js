// A field that narrows a long list of choices while one types. Without it the list is whole, and grouped.
(() => {
  "use strict";
  for (const box of document.querySelectorAll("[data-filter-for]")) {
    const select = document.getElementById(box.dataset.filterFor);
    const input = box.querySelector("input");
    const whole = [...select.children];
    box.hidden = false;
    input.addEventListener("input", () => narrow(select, whole, input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  function narrow(select, whole, typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (option) => words.every((word) => option.textContent.toLowerCase().includes(word));
    const chosen = select.value;
    select.replaceChildren(...whole.map((one) => narrowed(one, fits, chosen)).filter(Boolean));
    const found = [...select.options].filter((option) => option.value && fits(option));
    select.value = words.length && !found.some((option) => option.value === chosen) ? found[0]?.value ?? "" : chosen;
    document.getElementById("announcements").textContent = words.length ? `${found.length}` : "";
  }

  function narrowed(one, fits, chosen) {
    if (one instanceof HTMLOptionElement) return one.value === "" || one.value === chosen || fits(one) ? one : null;
    const kept = [...one.querySelectorAll("option")].filter(fits);
    if (!kept.length) return null;
    const group = one.cloneNode(false);
    group.append(...kept.map((option) => option.cloneNode(true)));
    return group;
  }
})();
