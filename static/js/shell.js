// Small conveniences of the page; each is bound by a data attribute and absent without a script.
(() => {
  // data-copy="#id": copies the text of that element and says so on the button for two seconds
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.querySelector(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text);
    const label = button.querySelector("[data-copy-label]");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });

  // data-close-outside: an open details element closes on Escape and on a click elsewhere
  const close = (keep) => {
    for (const open of document.querySelectorAll("details[data-close-outside][open]")) {
      if (!open.contains(keep)) open.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(null); });

  // data-forgets="prefix": signing out leaves nothing of that name in this browser (drafts of memory)
  document.addEventListener("submit", (event) => {
    const prefix = event.target.dataset.forgets;
    for (const key of prefix ? Object.keys(localStorage) : []) {
      if (key.startsWith(prefix)) localStorage.removeItem(key);
    }
  });

  // What scrolls sideways can be scrolled with the keyboard too
  const reach = () => {
    for (const box of document.querySelectorAll("pre, .prose table, .table-wide")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  document.addEventListener("DOMContentLoaded", reach);
  document.addEventListener("htmx:afterSettle", reach);

  // The open tab of a long row of tabs is in sight
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });

  // data-opens: an address that names this part opens it
  const arrive = () => {
    const part = document.getElementById(location.hash.slice(1));
    if (part?.matches("[data-opens]")) part.querySelector("details").open = true;
  };
  document.addEventListener("DOMContentLoaded", arrive);
  addEventListener("hashchange", arrive);

  // data-slash: the key "/" leads to this field from anywhere on the page that is not itself a field
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector("[data-slash]");
    if (!field || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
