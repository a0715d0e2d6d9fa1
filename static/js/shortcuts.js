// The one switch of all keys of a single character: localStorage "shortcuts" is "off" where somebody wants none.
// A box with data-shortcuts switches it; a script that has keys asks window.shortcutOf(event) which key counts.
(() => {
  const isOn = () => localStorage.getItem("shortcuts") !== "off";
  const typing = "input, textarea, select, [contenteditable]";

  // The key of an event, or "" where none counts: switched off, typed into a field, held with another key
  window.shortcutOf = (event) => {
    if (!isOn() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return "";
    return event.target.closest?.(typing) ? "" : event.key;
  };

  const show = () => {
    for (const box of document.querySelectorAll("[data-shortcuts]")) box.checked = isOn();
  };
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-shortcuts]")) return;
    localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
    show();
  });
  document.addEventListener("DOMContentLoaded", show);
})();
