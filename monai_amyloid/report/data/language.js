// Every language is in the page; the root's lang says which is shown.
(function () {
  "use strict";
  const root = document.documentElement;
  function choose(language) {
    root.lang = language;
    for (const button of document.querySelectorAll("button[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    // What elements of the page cannot show in spans: attributes, options, the page's title.
    for (const element of document.querySelectorAll("[data-texts]")) {
      for (const [name, texts] of Object.entries(JSON.parse(element.dataset.texts))) {
        if (name === "text") element.textContent = texts[language];
        else element.setAttribute(name, texts[language]);
      }
    }
    document.dispatchEvent(new CustomEvent("language", { detail: language }));
  }
  for (const button of document.querySelectorAll("button[data-language]")) {
    button.addEventListener("click", () => choose(button.dataset.language));
  }
  choose(root.lang);
})();
