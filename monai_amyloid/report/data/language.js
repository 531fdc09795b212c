// Both languages are in the page; the root's lang says which is shown.
(function () {
  "use strict";
  const root = document.documentElement;
  function choose(language) {
    root.lang = language;
    document.title = root.dataset[language + "Title"] || document.title;
    for (const button of document.querySelectorAll("button[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    for (const option of document.querySelectorAll("option[data-en]")) {
      option.textContent = option.dataset[language];
    }
    for (const input of document.querySelectorAll("[data-en-hint]")) {
      input.placeholder = input.dataset[language + "Hint"];
    }
  }
  for (const button of document.querySelectorAll("button[data-language]")) {
    button.addEventListener("click", () => choose(button.dataset.language));
  }
  choose(root.lang);
})();
