// Live regions (data-live) poll by hx-trigger. This file keeps them honest: it says when they stand still.
(() => {
  const failed = new Set();
  let good = new Date(); // when everything on the page was last known to be true

  // Not detail.elt: that is the element an event lies on, and a replaced region is no longer on the page
  const region = (event) => event.detail.requestConfig.elt.closest("[data-live]");
  // The sign-in page after a session has ended, or any other page a request was led to
  const wholeDocument = (xhr) => /^\s*<!doctype/i.test(xhr.responseText);

  function tell() {
    for (const id of failed) if (!document.getElementById(id)) failed.delete(id);
    const note = document.querySelector("[data-stale]");
    if (!note) return;
    const time = good.toLocaleTimeString([], { hour12: false });
    const words = failed.size ? note.dataset.stale.replace("{time}", time) : "";
    if (note.textContent !== words) note.textContent = words;
    note.hidden = !failed.size;
  }

  // A page nobody sees asks for nothing; the next poll after it is seen again catches up
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && region(event) && !event.detail.requestConfig.triggeringEvent) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!wholeDocument(event.detail.xhr)) return;
    event.detail.shouldSwap = false;
    // an editor keeps its text, and says so itself (js/editor.js)
    if (!event.detail.requestConfig.elt.closest("[data-live], [data-editor]")) location.reload();
  });

  // What somebody has opened stays open when its region is replaced by a newer one
  let opened = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    opened = [...event.detail.target.querySelectorAll("[id] > details[open]")].map((each) => each.parentElement.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of opened) document.getElementById(id)?.querySelector(":scope > details")?.setAttribute("open", "");
    opened = [];
  });

  // How many questions wait stands in the title too
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id !== "needs") return;
    const count = document.getElementById("needs").textContent.trim();
    document.title = document.title.replace(/^\([\d,]+\+?\) /, "").replace(/^/, count && `(${count}) `);
  });

  // A page that is looked at again asks at once
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const live of document.querySelectorAll("[data-live]")) htmx.trigger(live, "resync");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const live = region(event);
    if (!live) return;
    if (event.detail.successful && !wholeDocument(event.detail.xhr)) {
      failed.delete(live.id);
      if (!failed.size) good = new Date();
    } else {
      failed.add(live.id);
    }
    tell();
  });
})();
