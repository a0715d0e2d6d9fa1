// data-draft-offer: the drafts of this document that were left behind, newest first. Each stays until it is
// taken or discarded, whatever is typed meanwhile; those of pages that are open elsewhere are not offered.
// Drafts of a name that the document had before it was renamed are its own, unless they were made later.
(() => {
  const box = document.querySelector("[data-draft-offer]");
  const form = document.querySelector("[data-draft]");
  if (!form) return;
  const ANSWERED_AFTER = 250; // ms in which other pages answer for theirs
  const SHOWN = 3;
  const { keysOf, meet, read, remove } = globalThis.haloDrafts;
  const alive = new Set();
  const keys = new Set(box ? [...keysOf(form.dataset.draft), ...keysOfEarlierNames()] : []);
  let isReady = false;

  meet(form.haloKeys, (has) => {
    has.forEach((key) => alive.add(key));
    show();
  });
  if (!box) return;
  const row = document.querySelector("[data-draft-row]");

  function keysOfEarlierNames() {
    const { draftPlace, draftEarlier } = form.dataset;
    return Object.entries(JSON.parse(draftEarlier || "{}")).flatMap(([path, until]) =>
      keysOf(draftPlace + path).filter((key) => read(key)?.at < until));
  }
  function left() {
    const isLeft = (key) => !alive.has(key) && !form.haloKeys().includes(key);
    const drafts = [...keys].filter(isLeft).map((key) => ({ key, draft: read(key) }));
    return drafts.filter(({ draft }) => draft).sort((one, other) => other.draft.at - one.draft.at);
  }
  function show() {
    if (!isReady) return;
    const drafts = left();
    box.hidden = drafts.length === 0;
    box.replaceChildren(...drafts.slice(0, SHOWN).map(({ key, draft }) => offered(key, draft)));
  }
  function offered(key, draft) {
    const item = row.content.cloneNode(true);
    const words = item.querySelector("[data-words]");
    const named = form.elements.name && draft.name;
    const sentence = named ? words.dataset.wordsNamed.replace("{name}", () => draft.name) : words.dataset.words;
    words.textContent = sentence.replace("{time}", timeOf(new Date(draft.at)));
    item.querySelector(draft.sent ? "[data-never]" : "[data-sent]").remove();
    item.querySelector("[data-draft-take]").addEventListener("click", () => take(key, draft));
    item.querySelector("[data-draft-discard]").addEventListener("click", () => {
      remove(key);
      show();
      form.elements.text.focus();
    });
    return item;
  }
  function timeOf(at) {
    const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString()} ${time}`;
  }
  function take(key, draft) {
    keys.add(form.haloTake(key, draft)); // what was typed until now
    show();
  }

  addEventListener("storage", ({ newValue }) => { if (newValue === null) show(); }); // another page took or discarded one
  setTimeout(() => {
    isReady = true;
    for (const { key, draft } of left()) if (draft.text === form.elements.text.defaultValue) remove(key); // it is saved
    show();
  }, ANSWERED_AFTER);
})();
