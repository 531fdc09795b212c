// What the mouse, the wheel, fingers and keys do on a picture of the viewer.
const pictureInput = function (viewer) {
  "use strict";
  const state = viewer.state, AXIAL = 2;
  const within = (value, low, high) => Math.max(low, Math.min(high, value));

  // Shares of a picture's width and height at a point of the screen, and the mosaic's slice there.
  function pointed(canvas, axis, x, y) {
    const box = canvas.getBoundingClientRect();
    const right = (x - box.left) / box.width, down = (y - box.top) / box.height;
    if (axis !== null) return { axis, right, down };
    const { columns, wide, high, rows } = viewer.grid(canvas);
    const u = right * canvas.width / wide, v = down * canvas.height / high;
    const index = within(Math.floor(v), 0, rows - 1) * columns + within(Math.floor(u), 0, columns - 1);
    return { axis: AXIAL, right: u % 1, down: v % 1, index };
  }
  const placed = (at) => viewer.pictures.placeAt(at.axis, state, at.right, at.down);

  function listen(canvas, axis) {
    let turned = 0, touched = null;
    canvas.addEventListener("wheel", (event) => {
      if (axis === null && !event.ctrlKey) return;
      event.preventDefault();
      turned += event.deltaY * (event.deltaMode ? 30 : 1);
      const steps = Math.trunc(turned / 30);
      if (!steps) return;
      turned -= steps * 30;
      if (event.ctrlKey) {
        const at = pointed(canvas, axis, event.clientX, event.clientY);
        viewer.zoomTo(state.zoom * (steps < 0 ? 1.25 : 0.8), at.axis, placed(at), at.right, at.down);
      } else if (state.view === "planes") viewer.scroll(axis, -Math.sign(steps));
    }, { passive: false });
    const toPoint = (x, y) => {
      const at = pointed(canvas, axis, x, y), place = placed(at);
      if (state.view === "mosaic" && at.index < viewer.mosaic.length) viewer.open(at.index, place);
      else if (state.view === "planes") viewer.go(state.place.map((each, k) => place[k] ?? each));
    };
    if (axis === null) canvas.addEventListener("click", (event) => toPoint(event.clientX, event.clientY));
    else {
      canvas.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch" || event.button) return;
        canvas.setPointerCapture(event.pointerId);
        toPoint(event.clientX, event.clientY);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (event.pointerType !== "touch" && event.buttons & 1) toPoint(event.clientX, event.clientY);
      });
    }
    const middle = ([one, two]) => two
      ? { x: (one.clientX + two.clientX) / 2, y: (one.clientY + two.clientY) / 2, wide: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY) }
      : { x: one.clientX, y: one.clientY, wide: 0 };
    canvas.addEventListener("touchstart", (event) => {
      const at = middle(event.touches), point = pointed(canvas, axis, at.x, at.y);
      touched = { ...at, zoom: state.zoom, place: placed(point), index: state.place.slice(), moved: "" };
    }, { passive: true });
    canvas.addEventListener("touchmove", (event) => {
      if (!touched) return;
      const at = middle(event.touches), right = at.x - touched.x, down = at.y - touched.y;
      if (event.touches.length === 2 && touched.wide) {
        touched.moved = "zoom";
        const point = pointed(canvas, axis, at.x, at.y);
        viewer.zoomTo(touched.zoom * at.wide / touched.wide, point.axis, touched.place, point.right, point.down);
      } else if (!touched.moved && Math.hypot(right, down) > 8) {
        touched.moved = Math.abs(right) > Math.abs(down) && state.view === "planes" ? "scroll" : "page";
      }
      if (touched.moved === "scroll") viewer.go(touched.index.map((each, k) => k === axis ? each + Math.round(right / 6) : each));
      if (touched.moved !== "page" && touched.moved && event.cancelable) event.preventDefault();
    }, { passive: false });
    canvas.addEventListener("touchend", (event) => {
      if (touched && !touched.moved && !event.touches.length && axis !== null) toPoint(touched.x, touched.y);
      if (!event.touches.length) touched = null;
    });
    canvas.addEventListener("keydown", (event) => pressed(event, axis));
    if (axis === null) for (const name of ["focus", "blur"]) canvas.addEventListener(name, viewer.soon);
  }

  function pressed(event, axis) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const columns = Number(event.target.dataset.columns);
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5, Home: -999, End: 999 };
    const moves = { ArrowUp: -columns, ArrowRight: 1, ArrowDown: columns, ArrowLeft: -1, Home: -999, End: 999 };
    const others = {
      "+": () => viewer.zoomTo(state.zoom * 1.25), "=": () => viewer.zoomTo(state.zoom * 1.25),
      "-": () => viewer.zoomTo(state.zoom / 1.25), 0: () => viewer.zoomTo(1),
      ",": () => viewer.widened(-5), ".": () => viewer.widened(5),
      m: () => viewer.choose("map", state.map === "off" ? "on" : "off"),
      s: () => viewer.change({ mirrored: !state.mirrored }),
    };
    if (axis === null && event.key in moves) {
      viewer.change({ chosen: within(state.chosen + moves[event.key], 0, viewer.mosaic.length - 1) });
    } else if (axis === null && event.key === "Enter") viewer.open(state.chosen);
    else if (axis !== null && state.view === "planes" && event.key in steps) viewer.scroll(axis, steps[event.key]);
    else if (event.key.toLowerCase() in others) others[event.key.toLowerCase()]();
    else return;
    event.preventDefault();
  }

  return listen;
};
