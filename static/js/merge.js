// data-merge: a textarea in which places to decide are marked. For each there are three buttons beside it.
(() => {
  const text = document.querySelector("[data-merge]");
  if (!text) return;
  const size = text.dataset.merge; // characters of a mark: as many as no line of the texts has
  const PLACE = new RegExp(`^<{${size}} mine\\n([^]*?)^={${size}} there now\\n([^]*?)^>{${size}}(?:\\n|$)`, "gm");
  const box = document.querySelector("[data-clashes]");
  const [count, list, row] = ["[data-words]", "ol", "template"].map((found) => box.querySelector(found));

  function show() {
    const places = [...text.value.matchAll(PLACE)];
    box.hidden = places.length === 0;
    count.textContent = count.dataset.words.replace("{count}", places.length);
    list.replaceChildren(...places.map((place, index) => {
      const item = row.content.cloneNode(true);
      const words = item.querySelector("[data-words]");
      const line = text.value.slice(0, place.index).split("\n").length;
      words.textContent = words.dataset.words.replace("{number}", index + 1).replace("{line}", line);
      for (const button of item.querySelectorAll("[data-take]")) {
        button.addEventListener("click", () => take(index, button.dataset.take));
      }
      return item;
    }));
  }

  function take(index, side) {
    const place = [...text.value.matchAll(PLACE)][index];
    const [whole, mine, theirs] = place;
    const chosen = { mine, theirs, both: mine + theirs }[side];
    text.setRangeText(chosen, place.index, place.index + whole.length, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    (list.querySelector("button") ?? text).focus();
  }

  text.addEventListener("input", show);
  show();
})();
