// The inbox asks again what waits. A list that somebody is in does not move: a button says what came.
(() => {
  const list = () => document.getElementById("inbox-list");
  const isAtHand = () =>
    Boolean(list().querySelector("[data-question]")) &&
    (list().matches(":hover, :focus-within") ||
      list().getBoundingClientRect().top < 0 ||
      list().contains(getSelection().isCollapsed ? null : getSelection().anchorNode));

  let held = false;
  let marked = ""; // which question the keys were at (js/questions.js)
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.detail.target.id !== "inbox-list") return;
    held = isAtHand();
    event.detail.shouldSwap = !held;
    marked = list().querySelector(".is-marked")?.id ?? "";
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "inbox-live") return;
    if (!held) document.querySelector("#inbox-live .new-pill")?.remove();
    if (marked) document.getElementById(marked)?.classList.add("is-marked");
  });
})();
