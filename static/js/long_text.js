// data-editor: what a long text would cost the browser. Its preview is made when it is asked for, what would make
// it larger than a file may be is not pasted, and one that is too large says so as soon as it is typed.
(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const { text } = form.elements;
  const { limit, large, over, pasted } = form.querySelector("[data-size-words]").dataset;
  const DELAY = 400; // ms without a key
  const bytesOf = (words) => (words.length * 3 <= Number(limit) ? 0 : new Blob([words]).size); // 0: it fits in any case
  const isLong = () => text.textLength > Number(large);
  let waiting = 0;

  const sentence = (words, size) =>
    words.replace("{size}", size.toLocaleString()).replace("{limit}", Number(limit).toLocaleString());
  function tell(words) {
    const line = document.querySelector("[data-told]") ?? globalThis.haloDrafts.say("", "tone-bad");
    line.dataset.told = "";
    line.textContent = words;
  }
  function count() {
    const size = bytesOf(text.value);
    if (size > limit) tell(sentence(over, size));
    else document.querySelector("[data-told]")?.remove();
  }

  function refuse(event, words) {
    if (!words || words.length < Number(large)) return;
    const kept = text.value.slice(0, text.selectionStart) + text.value.slice(text.selectionEnd);
    const size = bytesOf(kept + words.replaceAll("\r\n", "\n"));
    if (size <= limit) return;
    event.preventDefault();
    tell(sentence(pasted, size));
    scrollTo({ top: 0 });
  }
  text.addEventListener("paste", (event) => refuse(event, event.clipboardData?.getData("text/plain")));
  text.addEventListener("drop", (event) => refuse(event, event.dataTransfer?.getData("text/plain")));

  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(count, DELAY);
  });

  // htmx asks for a preview after each pause; of a long text only the button does
  form.addEventListener("htmx:confirm", (event) => {
    if (event.detail.triggeringEvent?.type !== "input" || !isLong()) return;
    event.preventDefault();
    for (const words of document.querySelectorAll("[data-preview-asked], [data-preview-stale]")) words.hidden = false;
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-preview-ask]")) form.dispatchEvent(new Event("halo:preview"));
  });
})();
