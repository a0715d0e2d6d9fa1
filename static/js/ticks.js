// data-ticks="name": a box that ticks and unticks all boxes of that name in its form, and shows how they stand.
(() => {
  const boxesOf = (master) => [...master.form.querySelectorAll(`input[type="checkbox"][name="${master.dataset.ticks}"]`)];

  function show(master) {
    const boxes = boxesOf(master);
    const ticked = boxes.filter((box) => box.checked).length;
    master.checked = ticked > 0 && ticked === boxes.length;
    master.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-ticks]")) {
      for (const box of boxesOf(event.target)) box.checked = event.target.checked;
    }
    for (const master of document.querySelectorAll("[data-ticks]")) show(master);
  });

  // The browser may have kept the ticks of a page that somebody comes back to
  addEventListener("pageshow", () => {
    for (const master of document.querySelectorAll("[data-ticks]")) show(master);
  });
})();
