// data-draft: what is typed into the form's text is kept in this browser until it is saved, and offered back.
// A draft remembers what it started from, so taking an old one leads to both texts, never over the newer one.
// What is typed while a save is on its way is a draft of its own: the page that follows puts it back.
(() => {
  const form = document.querySelector("[data-draft]");
  if (!form) return;
  const { keysOf, mark, marked, newKey, read, remove, say, write } = globalThis.haloDrafts;
  const of = form.dataset.draft;
  const words = form.querySelector("[data-draft-words]").dataset;
  const { text, base, name, mine } = form.elements;
  const isRefused = Boolean(document.querySelector("[data-refused]"));
  const isSentBack = isRefused && !form.matches("[data-merges]"); // a merge is ours until it is touched
  let own = newKey(of);
  let others = []; // what this page shows beside the text
  let settled = text.defaultValue; // the text of which no draft is needed
  let [sent, waiting] = [null, 0];

  function keep(marks = {}) {
    waiting = clearTimeout(waiting);
    const isNeeded = text.value !== settled || marks.sent || (isSentBack && !sent);
    if (!isNeeded) remove(own);
    if (!isNeeded) return told("");
    const cursor = [text.selectionStart, text.selectionEnd, text.scrollTop];
    const draft = { text: text.value, base: base.value, name: name?.value ?? "", at: Date.now(), cursor, after: sent };
    return told(write(own, { ...draft, ...marks }) ? "yes" : "no");
  }
  function told(isKept) {
    form.dataset.isKept = isKept;
    const line = document.querySelector("[data-unkept]");
    if (isKept !== "no") line?.remove();
    else if (!line) say(words.notKept, "tone-bad").dataset.unkept = "";
  }
  function forget() {
    waiting = clearTimeout(waiting);
    [own, ...others].forEach(remove);
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => keep(), text.textLength > 100_000 ? 2000 : 400); // ms without a key
  });
  form.addEventListener("halo:keep", () => keep());
  // What is sent is the draft until a page shows that it was saved; a download saves nothing here
  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-stays]")) return;
    const isCopy = event.submitter?.matches("[data-copies]"), isSent = !event.defaultPrevented && !isCopy;
    keep(isSent ? { sent: true } : {});
    if (isCopy) mark({ key: others.find((key) => read(key)?.text === mine.value), beside: [], of });
    if (!isSent) return;
    mark({ key: own, beside: others, of });
    [sent, settled, own] = [own, text.value, newKey(of)];
  });
  addEventListener("pagehide", () => { if (waiting) keep(); });
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-forgets]")) forget(); });
  for (const link of document.querySelectorAll("[data-draft-forget]")) link.addEventListener("click", forget);

  // What became of the text that this tab sent last: it is what the page shows, or it is still a draft
  function settle() {
    const last = marked();
    const draft = last?.key && read(last.key);
    if (!draft) return;
    const all = [last.key, ...last.beside];
    const isHere = draft.text === text.defaultValue;
    if (isHere && !isRefused) all.forEach(remove);
    else if (isRefused) [own, others] = isHere ? [last.key, last.beside] : [own, all];
    if (isRefused) write(last.key, { ...draft, sent: false });
    const later = keysOf(last.of).find((key) => read(key)?.after === last.key);
    if (later && isHere) putBack(later);
    else if (later && isRefused) say(words.offeredLater, "tone-wait");
  }
  function putBack(key) {
    const draft = read(key);
    fill(key, { ...draft, base: base.value });
    [text.selectionStart, text.selectionEnd, text.scrollTop] = draft.cursor;
    say(words.putBack, "tone-wait");
  }
  // Put a draft into the form and make it this page's own; it is gone from its key only when it has another
  function fill(key, draft) {
    [text.value, base.value] = [draft.text, draft.base];
    if (name) name.value = draft.name;
    own = newKey(of);
    keep();
    if (read(own)) remove(key);
    else own = key;
    text.focus({ preventScroll: true });
    const show = () => text.dispatchEvent(new Event("input", { bubbles: true }));
    document.readyState === "complete" ? show() : addEventListener("load", show); // htmx listens by then
  }

  settle();
  if (isSentBack && !read(own)?.text) keep(); // what the server would not take is the draft now
  // For the offers: what is typed now stays a draft of its own, whose key is given back
  form.haloTake = (key, draft) => {
    keep();
    const typed = own;
    fill(key, draft);
    return typed;
  };
  form.haloKeys = () => [own, sent, ...others].filter(Boolean);
})();
