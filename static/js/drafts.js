// data-draft: what is typed into the form's text is kept in this browser until it is saved, and offered back.
// A draft remembers what it started from, so taking an old one leads to both texts, never over the newer one.
(() => {
  const form = document.querySelector("[data-draft]");
  if (!form) return;
  const KEPT_AFTER = 400; // ms without a key
  const key = `halo-draft:${form.dataset.draft}`;
  const { text, base, name } = form.elements;
  const offer = document.querySelector("[data-draft-offer]");
  const isRefused = Boolean(document.querySelector("[data-refused]"));
  let waiting = 0;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  }
  function keep() {
    clearTimeout(waiting);
    waiting = 0;
    if (text.value === text.defaultValue && !isRefused) {
      if (offer?.hidden !== false) localStorage.removeItem(key);
      return;
    }
    const draft = { text: text.value, base: base.value, name: name?.value ?? "", at: Date.now() };
    try {
      localStorage.setItem(key, JSON.stringify(draft));
    } catch {
      // a full store: the text is still in the page, and leaving it asks first
    }
  }
  function forget() {
    clearTimeout(waiting);
    waiting = 0;
    localStorage.removeItem(key);
  }

  form.addEventListener("input", () => {
    if (offer) offer.hidden = true; // whoever writes on has decided
    clearTimeout(waiting);
    waiting = setTimeout(keep, KEPT_AFTER);
  });
  // What is sent to be saved is the draft until the page shows that it was; a copy or a download saves nothing here
  form.addEventListener("submit", (event) => { if (!event.submitter?.matches("[data-stays], [data-copies]")) keep(); });
  addEventListener("pagehide", () => { if (waiting) keep(); });
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-forgets]")) forget(); });
  for (const link of document.querySelectorAll("[data-draft-forget]")) link.addEventListener("click", forget);

  const draft = read();
  if (isRefused && offer) keep(); // what the server would not take is the draft now
  else if (draft && draft.text === text.value && offer) localStorage.removeItem(key); // it is saved
  else if (draft && offer) show();

  function show() {
    const words = offer.querySelector("[data-words]");
    const at = new Date(draft.at);
    const isToday = at.toDateString() === new Date().toDateString();
    const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    words.textContent = words.dataset.words.replace("{time}", isToday ? time : `${at.toLocaleDateString()} ${time}`);
    offer.hidden = false;
  }

  offer?.querySelector("[data-draft-take]").addEventListener("click", () => {
    text.value = draft.text;
    base.value = draft.base;
    if (name) name.value = draft.name;
    offer.hidden = true;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
  offer?.querySelector("[data-draft-discard]").addEventListener("click", () => {
    forget();
    offer.hidden = true;
    text.focus();
  });
})();
