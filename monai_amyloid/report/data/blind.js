// A reader reads first. What the program found lies in templates, where no eye, ear, search or
// printer comes to it; a click opens the page again with what they hold in its place.
(function () {
  "use strict";
  const OPEN = "#reading-";
  const root = document.documentElement;
  if (location.hash.startsWith(OPEN)) {
    for (const held of document.querySelectorAll("template.reading")) {
      const instead = held.dataset.instead && document.querySelector(held.dataset.instead);
      const pictures = new Map();
      if (instead) {
        for (const each of instead.querySelectorAll("img[id]")) pictures.set(each.id, each.src);
        instead.remove();
      }
      // Pictures that both have are in the page once.
      for (const each of held.content.querySelectorAll('img[id][src=""]')) {
        each.src = pictures.get(each.id);
      }
      held.replaceWith(held.content);
    }
    const chosen = location.hash.slice(OPEN.length);
    const button = document.querySelector(`button[data-language="${CSS.escape(chosen)}"]`);
    if (button) button.click();
    document.body.classList.remove("blind");
  } else {
    document.getElementById("open-reading").addEventListener("click", () => {
      location.hash = OPEN + root.lang;
      location.reload();
    });
  }
})();
