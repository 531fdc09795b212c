// The viewer of the scan: what is shown is one state, which controls, keys, wheel and touch change.
(function () {
  "use strict";
  const root = document.getElementById("viewer");
  if (!root) return;
  const settings = JSON.parse(document.getElementById("viewer-settings").textContent);
  const size = settings.size, AXES = [2, 1, 0], AXIAL = 2;
  const MOST_ZOOM = 6, WIDE = 150;
  const element = (id) => document.getElementById(id);
  const within = (value, low, high) => Math.max(low, Math.min(high, value));
  const signed = (value) => String(value).replace("-", "\u2212");
  const state = {
    view: "mosaic", map: "off", compare: false, share: settings.share, colours: "inverse",
    mirrored: settings.convention === "radiological", zoom: 1, centre: size.map((n) => n / 2),
    place: settings.start.slice(), opacity: 100, lines: [], crosshair: false, chosen: 0,
  };
  const mosaic = element("shown-mosaic"), planes = element("shown-planes");
  let pictures, listen, canvases = [], waiting = false;

  function text(id) {
    const own = element(id).querySelector(`:scope > [lang="${document.documentElement.lang}"]`);
    return (own || element(id)).textContent.trim();
  }

  function sources() {
    const list = [{ scan: "patient", map: state.map === "on", caption: state.map === "on" ? "with_map" : "patient" }];
    if (state.map === "beside") list.push({ scan: "patient", map: true, caption: "with_map" });
    if (state.compare) {
      for (const scan of ["negative", "positive"]) list.push({ scan, map: false, caption: scan });
    }
    return list;
  }

  // New canvases where the scans beside one another have changed.
  function build() {
    const list = sources(), focused = canvases.find(({ canvas }) => canvas === document.activeElement);
    root.dataset.sources = String(list.length);
    root.style.setProperty("--sources", String(list.length));
    canvases = [];
    const places = [[mosaic, null], ...AXES.map((axis) => [planes.querySelector(`[data-axis="${axis}"] .pictures`), axis])];
    for (const [place, axis] of places) {
      place.replaceChildren(...list.map((source, which) => {
        const figure = document.createElement("figure"), canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        if (which === 0) canvas.tabIndex = 0;
        if (list.length > 1) {
          const caption = document.createElement("figcaption");
          caption.append(...[...element("caption-" + source.caption).childNodes].map((one) => one.cloneNode(true)));
          figure.append(caption);
        }
        figure.append(canvas);
        canvases.push({ canvas, axis, source });
        listen(canvas, axis);
        return figure;
      }));
    }
    if (focused) canvases.find(({ axis }) => axis === focused.axis).canvas.focus({ preventScroll: true });
    for (const one of document.querySelectorAll('[data-with="map"]')) one.hidden = state.map === "off";
    for (const one of document.querySelectorAll('[data-with="compare"]')) one.hidden = !state.compare;
    soon();
  }

  const mm = (axis, index) => Math.round(settings.first[axis] + 2 * index);
  const placeName = (axis, index) => `${"xyz"[axis]} = ${signed(mm(axis, index))} mm`;
  const columnsOf = (width) => within(Math.round(width / WIDE), 3, 7);

  function grid(canvas, columns = Number(canvas.dataset.columns)) {
    const wide = Math.floor(canvas.width / columns);
    return { columns, wide, high: Math.round(wide * size[1] / size[0]), rows: Math.ceil(settings.mosaic.length / columns) };
  }

  function resized(canvas, width, height) {
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
  }

  function drawMosaic(canvas, source, width, columns) {
    canvas.dataset.columns = String(columns);
    canvas.width = width;
    const { wide, high, rows } = grid(canvas);
    resized(canvas, wide * columns, high * rows);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    settings.mosaic.forEach((index, k) => {
      const box = { x: k % columns * wide, y: Math.floor(k / columns) * high, width: wide, height: high };
      pictures.draw(context, box, source, AXIAL, index, { ...state, place: null });
      if (document.activeElement === canvas && k === state.chosen) {
        context.strokeStyle = "rgb(20, 120, 200)";
        context.lineWidth = 3 * pictures.pixel;
        context.strokeRect(box.x + 2, box.y + 2, wide - 4, high - 4);
      }
    });
  }

  function drawPlane(canvas, axis, source) {
    const [a, b] = pictures.axes(axis), width = Math.round(canvas.clientWidth * sharpness());
    resized(canvas, width, Math.round(width * size[b] / size[a]));
    const projection = state.view === "projection";
    const box = { x: 0, y: 0, width: canvas.width, height: canvas.height };
    const context = canvas.getContext("2d", { willReadFrequently: true });
    pictures.draw(context, box, source, axis, projection ? null : state.place[axis],
      projection ? { ...state, place: null, lines: [] } : state);
  }
  // A third pixel a point costs a phone more than it shows.
  const sharpness = () => Math.min(2, pictures.pixel);

  function scale() {
    const canvas = element("scale"), context = canvas.getContext("2d"), { top, white } = settings.scales.patient;
    const colours = pictures.table("patient", 100 * top / white, state.colours);
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const mark = Math.round(canvas.width * 100 / state.share);
    for (let i = 0; i < pixels.length; i++) {
      const x = i % canvas.width;
      pixels[i] = Math.abs(x - mark) < 1 ? 0xff0050ff : colours[Math.floor(256 * x / canvas.width)];
    }
    context.putImageData(image, 0, 0);
    const black = (state.share / 100 * white).toFixed(2);
    element("scale-here").textContent =
      `SUVR 0 \u2013 ${black} = ${text("of-white").replace("#", `${state.share}%`)} (SUVR ${white.toFixed(2)})`;
    element("share-here").textContent = `${state.share}%`;
    element("share").setAttribute("aria-valuetext", element("scale-here").textContent);
  }

  function show() {
    root.dataset.view = state.view;
    root.dataset.sides = state.mirrored ? "radiological" : "neurological";
    root.dataset.zoom = state.zoom.toFixed(2);
    mosaic.hidden = state.view !== "mosaic";
    planes.hidden = state.view === "mosaic";
    for (const { canvas, axis, source } of canvases) {
      if ((axis === null) === mosaic.hidden) continue;
      const name = axis === null || state.view === "projection" ? "" : `, ${placeName(axis, state.place[axis])}`;
      const of = axis === null ? element("of-mosaic") : element(`label-${axis}`);
      canvas.setAttribute("aria-label", `${text("caption-" + source.caption)}: ${text(of.id)}${name}`);
      if (axis === null) drawMosaic(canvas, source, canvas.clientWidth * sharpness(), columnsOf(canvas.clientWidth));
      else drawPlane(canvas, axis, source);
    }
    for (const axis of AXES) {
      const slider = element(`slice-${axis}`), label = placeName(axis, state.place[axis]);
      slider.value = String(state.place[axis]);
      slider.setAttribute("aria-valuetext", label);
      element(`place-${axis}`).textContent = label;
    }
    element("share").value = String(state.share);
    element("sides").value = root.dataset.sides;
    element("zoom-here").textContent = `${state.zoom.toFixed(1).replace(".0", "")}\u00d7`;
    const [x, y, z] = state.place, here = (z * size[1] + y) * size[0] + x;
    const inside = pictures.volume("labels")[here] & 1;
    const suvr = (pictures.volume("patient")[here] / 255 * settings.scales.patient.top).toFixed(2);
    element("suvr-here").textContent =
      `${AXES.slice().reverse().map((axis) => `${"xyz"[axis]} ${signed(mm(axis, state.place[axis]))}`).join(", ")} mm \u00b7 SUVR ${inside ? suvr : "\u2013"}`;
    scale();
  }

  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; show(); });
  }
  function change(what) {
    Object.assign(state, what);
    soon();
  }
  function choose(name, value) {
    const button = root.querySelector(`input[name="${name}"][value="${value}"]`);
    if (!button) return;
    button.checked = true;
    state[name] = value;
    if (name === "map") build();
    soon();
  }

  // The part that is seen stays within the brain's box, and follows the place.
  function centred(centre) {
    state.centre = centre.map((c, axis) => within(c, size[axis] / state.zoom / 2, size[axis] - size[axis] / state.zoom / 2));
    soon();
  }
  function go(place) {
    state.place = place.map((index, axis) => within(Math.floor(index), 0, size[axis] - 1));
    centred(state.centre.map((c, axis) => {
      const half = size[axis] / state.zoom / 2 - 1;
      return within(c, state.place[axis] + 0.5 - half, state.place[axis] + 0.5 + half);
    }));
  }
  const scroll = (axis, steps) => go(state.place.map((index, each) => each === axis ? index + steps : index));
  function zoomTo(zoom, axis = null, from = null, right = 0.5, down = 0.5) {
    state.zoom = within(zoom, 1, MOST_ZOOM);
    if (axis === null) return centred(state.place.map((index) => index + 0.5));
    // What was under the pointer stays there.
    const now = pictures.placeAt(axis, state, right, down);
    centred(state.centre.map((c, each) => each in now ? c + from[each] - now[each] : c));
  }

  function open(index, place = {}) {
    choose("view", "planes");
    planes.hidden = false; // what is hidden takes no focus
    go(state.place.map((each, axis) => axis === AXIAL ? settings.mosaic[index] : place[axis] ?? each));
    planes.querySelector("canvas").focus({ preventScroll: true });
  }

  const widened = (step) => {
    const slider = element("share");
    change({ share: within(state.share + step, Number(slider.min), Number(slider.max)) });
  };

  function start() {
    pictures = brainPictures(settings);
    listen = pictureInput({
      state, mosaic: settings.mosaic, pictures, grid, change, choose, go, open, scroll, soon, widened, zoomTo,
    });
    root.hidden = false;
    for (const name of ["view", "map"]) {
      for (const one of root.querySelectorAll(`input[name="${name}"]`)) {
        one.addEventListener("change", () => choose(name, one.value));
      }
    }
    const on = (id, type, act) => { if (element(id)) element(id).addEventListener(type, act); };
    on("compare", "change", () => { state.compare = element("compare").checked; build(); });
    on("share", "input", () => change({ share: Number(element("share").value) }));
    on("share-reset", "click", () => change({ share: settings.share }));
    on("colours", "change", () => change({ colours: element("colours").value }));
    on("sides", "change", () => change({ mirrored: element("sides").value === "radiological" }));
    on("closer", "click", () => zoomTo(state.zoom * 1.25));
    on("farther", "click", () => zoomTo(state.zoom / 1.25));
    on("opacity", "input", () => change({ opacity: Number(element("opacity").value) }));
    on("strongest", "click", () => { choose("view", "planes"); go(settings.strongest); });
    on("show-crosshair", "change", () => change({ crosshair: element("show-crosshair").checked }));
    ["brain", "cortex", "cerebellum"].forEach((name) => on("show-" + name, "change", () => change({
      lines: ["brain", "cortex", "cerebellum"].flatMap((each, bit) => element("show-" + each).checked ? [bit] : []),
    })));
    for (const axis of AXES) {
      on(`slice-${axis}`, "input", () => scroll(axis, Number(element(`slice-${axis}`).value) - state.place[axis]));
    }
    document.addEventListener("language", soon);
    new ResizeObserver(soon).observe(root);
    // Paper has every axial slice, as it is set on the screen.
    window.addEventListener("beforeprint", () => {
      mosaic.hidden = false;
      for (const { canvas, axis, source } of canvases) {
        if (axis === null) drawMosaic(canvas, source, 1400, canvases.length > 4 ? 4 : 7);
      }
    });
    window.addEventListener("afterprint", soon);
    build();
    show();
    root.dataset.ready = String(Math.round(performance.now()));
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
