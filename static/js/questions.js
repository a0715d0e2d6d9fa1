// Keys for questions: j k move, Enter opens, a answers, d dismisses, n goes to the next, ? explains.
// The switch of js/shortcuts.js turns all of them off; everything they do can be done without them.
(() => {
  const dialog = document.querySelector("[data-keys]");
  const help = () => { if (!dialog?.open) dialog?.showModal(); };
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
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    const key = shortcutOf(event);
    if (dialog?.open || !Object.hasOwn(acts, key)) return;
    // What has the focus of its own does what Enter means there
    if (key === "Enter" && (!marked() || event.target.closest("a, button, summary"))) return;
    event.preventDefault();
    acts[key]();
  });

  // A link to one part of the card opens it; only after the browser's own jump there, which takes the focus
  function arrive() {
    if (location.hash === "#dismiss") dismiss();
    if (location.hash === "#answer") acts.a();
  }
  addEventListener("load", () => setTimeout(arrive));
})();
