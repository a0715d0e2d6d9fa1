// The thread of an app: new entries come without moving what somebody reads, read marks, keys. The page works
// without all of it: it is loaded again, and has a button "Mark as read".
(() => {
  const SHOWN_MS = 1500; // a page that was seen for less was not read
  const region = () => document.getElementById("thread-live");
  const entries = () => [...document.querySelectorAll("[data-entry]")];

  // What is read stays where it is: the entry at the top of the window keeps its place
  let held = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "thread-live" || region().getBoundingClientRect().bottom > 0) return;
    const kept = entries().find((each) => !region().contains(each) && each.getBoundingClientRect().bottom > 0);
    if (kept) held = { kept, top: kept.getBoundingClientRect().top };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (held) scrollBy({ top: held.kept.getBoundingClientRect().top - held.top, behavior: "instant" });
    held = null;
    pill();
  });

  // "3 new": shown as long as the new entries are above what is in sight
  function pill() {
    const note = document.querySelector("[data-new]");
    if (note) note.hidden = region().getBoundingClientRect().bottom > 0;
  }
  addEventListener("scroll", pill, { passive: true });

  // What was on the page counts as read when somebody has had it before them and leaves
  let since = document.hidden ? 0 : Date.now();
  function read() {
    const form = document.querySelector("[data-reads]");
    const upto = form?.elements.upto.value;
    if (!upto || !since || Date.now() - since < SHOWN_MS || form.dataset.read === upto) return;
    if (navigator.sendBeacon(form.action, new FormData(form))) form.dataset.read = upto;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      read();
      since = 0;
    } else {
      since = Date.now();
    }
  });
  addEventListener("pagehide", read);

  const go = (element) => {
    if (!element) return;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "center" });
  };

  // Opens at the first unread entry, unless a question waits at the top: that comes first
  document.addEventListener("DOMContentLoaded", () => {
    const first = document.getElementById("unread");
    if (location.hash || !first || scrollY || document.querySelector("#thread-questions > *")) return;
    if (first.getBoundingClientRect().top > innerHeight) go(first);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("[data-sends]")) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    const key = shortcutOf(event);
    if (key === "u") go(document.getElementById("unread"));
    else if (key === ".") go(entries()[0]);
    else if (key === "f") go(document.querySelector("[data-filter]"));
    else if (key === "Enter" && event.target.matches("[data-entry]")) event.target.querySelector("[data-open]")?.click();
    else return;
    event.preventDefault();
  });

  // A form that is on its way is not sent again
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "reply") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => delete document.getElementById("reply")?.dataset.sent);
})();
