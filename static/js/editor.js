// data-editor: a form around one textarea named "text". Ctrl-S saves, leaving unsaved text asks first, the
// outline jumps, and after a save the cursor is where it was. Tab is left alone: it leads out of the text.
(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const text = form.elements.text;
  const place = `halo-cursor:${form.dataset.draft}`;
  const ANSWERED_WITHIN = 10_000; // ms in which a second save waits for the answer to the first
  let leaving = false;
  let sentAt = -ANSWERED_WITHIN;

  const isDirty = () => text.value !== text.defaultValue || Boolean(document.querySelector("[data-refused]"));
  const bytes = () => new Blob([text.value, form.elements.mine?.value ?? ""]).size;

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    form.requestSubmit();
  });

  form.addEventListener("submit", (event) => {
    const size = bytes();
    if (size > Number(form.dataset.mostBytes)) {
      event.preventDefault();
      const limit = Number(form.querySelector("[data-size-words]").dataset.limit).toLocaleString();
      alertAbove(form.dataset.tooLarge.replace("{size}", size.toLocaleString()).replace("{limit}", limit));
      scrollTo({ top: 0 });
      return;
    }
    const stays = Boolean(event.submitter?.matches("[data-stays]"));
    if (!stays && performance.now() - sentAt < ANSWERED_WITHIN) { // it would start from a text that is being saved over
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (!stays) sentAt = performance.now();
    leaving = true;
    if (stays) setTimeout(() => { leaving = false; }, 1000); // a download
    sessionStorage.setItem(place, JSON.stringify([text.selectionStart, text.selectionEnd, text.scrollTop]));
  });

  // A preview that did not come says so; the text is never taken away for it
  const isWhole = (xhr) => /^\s*<!doctype/i.test(xhr.responseText);
  form.addEventListener("htmx:afterRequest", (event) => {
    const { successful, xhr } = event.detail;
    if (successful && !isWhole(xhr)) document.querySelector("[data-alert]")?.remove();
    else if (xhr.status) standStill(); // without a status it gave way to a newer one
  });
  form.addEventListener("htmx:sendError", standStill);
  form.addEventListener("htmx:timeout", standStill);

  function standStill() {
    form.dispatchEvent(new Event("halo:keep"));
    const { kept } = form.querySelector("[data-draft-words]").dataset;
    const { noPreview, isKept } = form.dataset;
    alertAbove(isKept === "yes" ? `${noPreview} ${kept}` : noPreview);
  }
  function alertAbove(words) {
    document.querySelector("[data-alert]")?.remove();
    globalThis.haloDrafts.say(words, "tone-bad").dataset.alert = "";
  }

  for (const link of document.querySelectorAll("[data-draft-forget]")) {
    link.addEventListener("click", () => { leaving = true; });
  }
  addEventListener("beforeunload", (event) => { if (!leaving && isDirty()) event.preventDefault(); });
  addEventListener("pageshow", () => { [leaving, sentAt] = [false, -ANSWERED_WITHIN]; });

  const kept = JSON.parse(sessionStorage.getItem(place) || "null");
  sessionStorage.removeItem(place);
  if (kept && !document.querySelector("[data-refused]")) {
    text.focus({ preventScroll: true });
    text.setSelectionRange(kept[0], kept[1]);
    text.scrollTop = kept[2];
  }

  // Where a line begins, in pixels: as high as a copy that holds only what stands before it
  function topOf(start) {
    const copy = document.createElement("textarea");
    copy.className = `${text.className} is-measure`;
    copy.value = text.value.slice(0, start);
    text.after(copy);
    copy.style.inlineSize = `${text.clientWidth}px`;
    const top = copy.scrollHeight;
    copy.remove();
    return top;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const lines = text.value.split("\n");
    const start = lines.slice(0, link.dataset.line - 1).join("\n").length + (link.dataset.line > 1 ? 1 : 0);
    text.focus({ preventScroll: true });
    text.setSelectionRange(start, start + lines[link.dataset.line - 1].length);
    text.scrollTop = topOf(start) - text.clientHeight / 4;
    document.getElementById(`L${link.dataset.line}`)?.scrollIntoView({ block: "nearest" });
  });
})();
