// One slider moves every scan: the same axial slice of each, drawn as large as there is room.
(function () {
  "use strict";
  const root = document.getElementById("scroller");
  if (!root) return;
  const settings = JSON.parse(document.getElementById("scroller-settings").textContent);
  const [width, height] = settings.size;
  const slider = document.getElementById("scroll-slice");
  const place = document.getElementById("scroll-place");
  const canvases = [...root.querySelectorAll("canvas")];
  const sheets = [...root.querySelectorAll("img")];

  function show() {
    const index = Number(slider.value);
    const left = (index % settings.columns) * width;
    const top = Math.floor(index / settings.columns) * height;
    canvases.forEach((canvas, which) => {
      const pixels = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
      const scale = pixels / width;
      if (canvas.width !== pixels) {
        canvas.width = pixels;
        canvas.height = Math.round(height * scale);
      }
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(sheets[which], left, top, width, height, 0, 0, canvas.width, canvas.height);
    });
    const mm = Math.round(settings.first + 2 * index);
    place.textContent = "z = " + String(mm).replace("-", "\u2212") + " mm";
    slider.setAttribute("aria-valuetext", place.textContent);
    root.dataset.slice = String(index);
  }

  function start() {
    root.hidden = false;
    let turned = 0;
    slider.addEventListener("input", show);
    // Every picture but the sagittal ones is turned, with its letters.
    const sides = document.getElementById("sides");
    sides.addEventListener("change", () => {
      for (const cell of document.querySelectorAll("[data-turns]")) {
        cell.classList.toggle("turned", sides.value !== sides.options[0].value);
        const [one, other] = cell.querySelectorAll("b");
        [one.textContent, other.textContent] = [other.textContent, one.textContent];
      }
    });
    for (const canvas of canvases) {
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        turned += event.deltaY * (event.deltaMode ? 30 : 1);
        const steps = Math.trunc(turned / 30);
        if (!steps) return;
        turned -= steps * 30;
        slider.value = String(Number(slider.value) - Math.sign(steps));
        show();
      }, { passive: false });
    }
    new ResizeObserver(show).observe(root);
    show();
    root.dataset.ready = "yes";
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
