// Runs before the first paint. The key and the words are those of Django's admin, so both share one choice.
(() => {
  const root = document.documentElement;
  const chosen = () => localStorage.getItem("theme") || "auto";
  const show = () => {
    root.dataset.theme = chosen();
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
    }
  };
  root.dataset.js = "";
  show();
  document.addEventListener("DOMContentLoaded", show);
  addEventListener("storage", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) {
      localStorage.setItem("theme", button.dataset.themeChoice);
      show();
    }
  });
})();
