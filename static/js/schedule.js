// Keys of the day: h and l move the window, 0 goes back to now. Each stands for a link with data-key.
document.addEventListener("keydown", (event) => {
  const key = window.shortcutOf(event);
  if (!["h", "l", "0"].includes(key)) return;
  const link = document.querySelector(`a[data-key="${key}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
