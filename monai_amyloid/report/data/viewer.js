// Three planes of the scan. brainsprite cuts them; here they are drawn large and outlined.
(function () {
  "use strict";
  const root = document.getElementById("viewer");
  if (!root) return;
  const settings = JSON.parse(document.getElementById("viewer-settings").textContent);
  const [NX, NY, NZ] = settings.size;
  const COLUMNS = 10;
  const planes = [
    { name: "X", axis: 0, size: [NY, NZ], at: (u, v, s) => [s, u, v] },
    { name: "Y", axis: 1, size: [NX, NZ], at: (u, v, s) => [u, s, v] },
    { name: "Z", axis: 2, size: [NX, NY], at: (u, v, s) => [u, v, s] },
  ];
  const place = settings.start.slice();
  const element = (id) => document.getElementById(id);

  function pixels(image) {
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  }

  function start() {
    const image = element("sprite-scan");
    const grey = pixels(image);
    const masks = pixels(element("sprite-masks"));
    const index = (x, y, z) =>
      4 * ((Math.floor(x / COLUMNS) * NZ + NZ - 1 - z) * COLUMNS * NY + (x % COLUMNS) * NY + y);
    const mask = (which, x, y, z) => masks[index(x, y, z) + which];

    const overlay = element("sprite-overlay");
    overlay.width = image.naturalWidth;
    overlay.height = image.naturalHeight;
    const over = overlay.getContext("2d");
    const nbSlice = { X: NX, Y: NY, Z: NZ };
    const scan = brainsprite({
      canvas: "brainsprite-canvas", sprite: "sprite-scan", nbSlice,
      overlay: { sprite: "sprite-overlay", nbSlice },
      nanValue: true, showLR: false, colorBackground: "#fff",
    });

    function compose() {
      over.clearRect(0, 0, overlay.width, overlay.height);
      const activation = element("sprite-activation");
      if (activation && element("show-activation").checked) {
        over.globalAlpha = element("opacity").value / 100;
        over.drawImage(activation, 0, 0);
        over.globalAlpha = 1;
      }
      const unseen = element("sprite-unseen");
      if (unseen) over.drawImage(unseen, 0, 0);
      scan.init();
    }

    // Marching squares on the soft masks: lines as sharp as the screen, however large.
    function outline(context, plane, which, scale) {
      const [nu, nv] = plane.size;
      const s = place[plane.axis];
      const half = (u, v) => mask(which, ...plane.at(u, v, s)) - 127.5;
      const field = new Float32Array(nu * nv);
      for (let v = 0; v < nv; v++) for (let u = 0; u < nu; u++) field[v * nu + u] = half(u, v);
      context.beginPath();
      for (let v = 0; v < nv - 1; v++) {
        for (let u = 0; u < nu - 1; u++) {
          const i = v * nu + u;
          const corners = [field[i], field[i + 1], field[i + nu + 1], field[i + nu]];
          const points = [];
          for (let edge = 0; edge < 4; edge++) {
            const a = corners[edge], b = corners[(edge + 1) % 4];
            if (a > 0 === b > 0) continue;
            const t = a / (a - b);
            const [du, dv] = [[t, 0], [1, t], [1 - t, 1], [0, 1 - t]][edge];
            points.push([(u + du + 0.5) * scale, (nv - 0.5 - v - dv) * scale]);
          }
          for (let k = 0; k + 1 < points.length; k += 2) {
            context.moveTo(...points[k]);
            context.lineTo(...points[k + 1]);
          }
        }
      }
      context.strokeStyle = settings.colours[which];
      context.lineWidth = (which === 0 ? 1.8 : 1.2) * (window.devicePixelRatio || 1);
      context.stroke();
    }

    function cross(context, plane, scale, canvas) {
      const [a, b] = [0, 1, 2].filter((axis) => axis !== plane.axis);
      const x = (place[a] + 0.5) * scale, y = (plane.size[1] - 0.5 - place[b]) * scale;
      context.strokeStyle = "rgba(20, 70, 110, .55)";
      context.lineWidth = window.devicePixelRatio || 1;
      context.beginPath();
      context.moveTo(x, 0); context.lineTo(x, canvas.height);
      context.moveTo(0, y); context.lineTo(canvas.width, y);
      context.stroke();
    }

    const mm = (axis) => Math.round(settings.first[axis] + 2 * place[axis]);
    const signed = (value) => String(value).replace("-", "\u2212");

    function show() {
      scan.numSlice = { X: place[0], Y: place[1], Z: place[2] };
      scan.drawAll();
      for (const plane of planes) {
        const canvas = element("plane-" + plane.name);
        const width = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
        const scale = width / plane.size[0];
        const height = Math.round(plane.size[1] * scale);
        if (canvas.width !== width || canvas.height !== height) {
          canvas.width = width;
          canvas.height = height;
        }
        const context = canvas.getContext("2d");
        context.imageSmoothingEnabled = true;
        context.imageSmoothingQuality = "high";
        context.fillStyle = "#fff";
        context.fillRect(0, 0, width, height);
        context.drawImage(scan.planes["canvas" + plane.name], 0, 0, width, height);
        ["brain", "cortex", "cerebellum"].forEach((name, which) => {
          if (element("show-" + name).checked) outline(context, plane, which, scale);
        });
        if (element("show-crosshair").checked) cross(context, plane, scale, canvas);
        const slider = element("slice-" + plane.name);
        slider.value = place[plane.axis];
        const label = `${"xyz"[plane.axis]} = ${signed(mm(plane.axis))} mm`;
        slider.setAttribute("aria-valuetext", label);
        element("place-" + plane.name).textContent = label;
      }
      const level = (255 - grey[index(...place)]) / 255 * settings.darkest;
      const text = mask(0, ...place) < 128 ? "\u2013"
        : level >= settings.darkest ? "\u2265 " + settings.darkest.toFixed(2) : level.toFixed(2);
      element("suvr-here").textContent =
        `x ${signed(mm(0))}, y ${signed(mm(1))}, z ${signed(mm(2))} mm \u00b7 SUVR ${text}`;
    }

    let waiting = false;
    function soon() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; show(); });
    }
    const within = (value, axis) => Math.max(0, Math.min(settings.size[axis] - 1, value));

    for (const plane of planes) {
      const canvas = element("plane-" + plane.name);
      const slider = element("slice-" + plane.name);
      slider.addEventListener("input", () => { place[plane.axis] = +slider.value; soon(); });
      let turned = 0;
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        turned += event.deltaY * (event.deltaMode ? 30 : 1);
        const steps = Math.trunc(turned / 30);
        if (!steps) return;
        turned -= steps * 30;
        place[plane.axis] = within(place[plane.axis] - Math.sign(steps), plane.axis);
        soon();
      }, { passive: false });
      const go = (event) => {
        const box = canvas.getBoundingClientRect();
        const [a, b] = [0, 1, 2].filter((axis) => axis !== plane.axis);
        const u = (event.clientX - box.left) / box.width * plane.size[0];
        const v = plane.size[1] - (event.clientY - box.top) / box.height * plane.size[1];
        place[a] = within(Math.floor(u), a);
        place[b] = within(Math.floor(v), b);
        soon();
      };
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        go(event);
      });
      canvas.addEventListener("pointermove", (event) => { if (event.buttons & 1) go(event); });
    }
    for (const name of ["brain", "cortex", "cerebellum", "crosshair"]) {
      element("show-" + name).addEventListener("change", soon);
    }
    for (const name of ["show-activation", "opacity"]) {
      if (element(name)) element(name).addEventListener("input", () => { compose(); soon(); });
    }
    new ResizeObserver(soon).observe(root);
    window.addEventListener("beforeprint", show);
    root.hidden = false;
    compose();
    show();
    root.dataset.ready = "yes";
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
