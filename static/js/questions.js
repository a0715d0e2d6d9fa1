// Keys for questions: j k move, Enter opens, a answers, d dismisses, n goes to the next, ? explains.
// They can be switched off in the help; everything they do can be done without them.
(() => {
  const OFF = "halo-question-keys-off";
  const dialog = document.querySelector("[data-keys]");
  const box = document.querySelector("[data-keys-on]");
  const isOff = () => localStorage.getItem(OFF) === "1";

  function help() {
    if (!dialog || dialog.open) return;
    box.checked = !isOff();
    dialog.showModal();
  }
  box?.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1");
  });
  document.querySelector("[data-keys-open]")?.addEventListener("click", help);

  // The list: the one that is marked is the one that has the focus, or had it last
  const cards = () => [...document.querySelectorAll("[data-questions] [data-question]")];
  const marked = () => document.querySelector("[data-question].is-marked");

  function mark(card) {
    if (!card) return;
    marked()?.classList.remove("is-marked");
    card.classList.add("is-marked");
    card.querySelector("[data-question-link]").focus();
  }
  function move(by) {
    const all = cards();
    const place = all.indexOf(marked());
    mark(all[place < 0 ? 0 : Math.min(Math.max(place + by, 0), all.length - 1)]);
  }
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-questions] [data-question]");
    if (!card || card === marked()) return;
    marked()?.classList.remove("is-marked");
    card.classList.add("is-marked");
  });

  function dismiss() {
    const part = document.querySelector("[data-dismiss]");
    if (!part) return;
    part.open = true;
    part.querySelector("button").focus();
  }
  const follow = (selector) => (marked() ?? document).querySelector(selector)?.click();
  const inList = () => cards().length > 0;
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    Enter: () => follow("[data-question-link]"),
    a: () => (inList() ? follow("[data-question-answer]") : document.querySelector("#answer :is(.ask-choice, input[type=radio], textarea)")?.focus()),
    d: () => (inList() ? follow("[data-question-dismiss]") : dismiss()),
    n: () => (inList() ? move(1) : document.querySelector("[data-question-next]")?.click()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return;
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "?") { event.preventDefault(); help(); return; }
    if (isOff() || !Object.hasOwn(acts, event.key)) return;
    // What has the focus of its own does what Enter means there
    if (event.key === "Enter" && (!marked() || event.target.closest("a, button, summary"))) return;
    event.preventDefault();
    acts[event.key]();
  });

  // A link to one part of the card opens it; only after the browser's own jump there, which takes the focus
  function arrive() {
    if (location.hash === "#dismiss") dismiss();
    if (location.hash === "#answer") acts.a();
  }
  addEventListener("load", () => setTimeout(arrive));
})();
