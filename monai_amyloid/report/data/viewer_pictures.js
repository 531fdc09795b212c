// Cuts slices out of the sheets and draws them in a window, a colour scale and a convention.
const brainPictures = function (settings) {
  "use strict";
  const size = settings.size, [NX, NY, NZ] = size;
  const strides = [1, NX, NX * NY];
  const read = new Map(), projected = new Map(), small = new Map();
  const work = document.createElement("canvas");
  const at = work.getContext("2d", { willReadFrequently: true });
  const pixel = window.devicePixelRatio || 1;
  const AMBER = 0x73 << 24 | 0 << 16 | 191 << 8 | 255;
  const SPECTRUM = [[0, 0, 0], [70, 0, 120], [0, 0, 230], [0, 170, 220], [0, 190, 60],
    [255, 255, 0], [255, 120, 0], [255, 0, 0], [255, 255, 255]];

  // The axes that run to the right and up in the slices across an axis.
  const axes = (axis) => [0, 1, 2].filter((each) => each !== axis);
  const turns = (axis, mirrored) => mirrored && axis !== 0;

  // A sheet of axial slices as one level a voxel; x runs fastest, then y, then z.
  function volume(name) {
    if (read.has(name)) return read.get(name);
    const image = document.getElementById("sheet-" + name);
    let levels = null;
    if (image) {
      const canvas = document.createElement("canvas");
      const width = canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const shot = context.getImageData(0, 0, width, canvas.height).data;
      levels = new Uint8Array(NX * NY * NZ);
      // What JPEG leaves about the brain.
      const least = name in settings.scales && name !== "patient" ? 10 : 0;
      for (let z = 0, to = 0; z < NZ; z++) {
        const left = z % settings.columns * NX, top = Math.floor(z / settings.columns) * NY;
        for (let y = 0; y < NY; y++) {
          let from = 4 * ((top + NY - 1 - y) * width + left);
          for (let x = 0; x < NX; x++, from += 4) levels[to++] = shot[from] < least ? 0 : shot[from];
        }
      }
    }
    read.set(name, levels);
    return levels;
  }

  // One slice, or the highest values along an axis where index is null; upper row first.
  function cut(name, axis, index, mirrored) {
    const [a, b] = axes(axis), width = size[a], height = size[b];
    const key = index === null ? name + axis + mirrored : null;
    if (projected.has(key)) return projected.get(key);
    const levels = volume(name), out = new Uint8Array(width * height), step = strides[axis];
    const first = index === null ? 0 : index, last = index === null ? size[axis] - 1 : index;
    for (let row = 0, to = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const u = turns(axis, mirrored) ? width - 1 - column : column;
        const from = u * strides[a] + (height - 1 - row) * strides[b];
        let most = 0;
        for (let s = first; s <= last; s++) most = Math.max(most, levels[from + s * step]);
        out[to++] = most;
      }
    }
    if (key !== null) projected.set(key, out);
    return out;
  }

  function between(anchors, t) {
    const place = t * (anchors.length - 1), low = Math.min(Math.floor(place), anchors.length - 2);
    return anchors[low].map((each, k) => each + (anchors[low + 1][k] - each) * (place - low));
  }
  const shades = {
    inverse: (t) => [255 - 255 * t, 255 - 255 * t, 255 - 255 * t],
    grey: (t) => [255 * t, 255 * t, 255 * t],
    hot: (t) => [510 * t, 510 * t - 255, 1020 * t - 765].map((c) => Math.max(0, Math.min(255, c))),
    spectrum: (t) => between(SPECTRUM, t),
    steps: (t) => between(SPECTRUM, Math.min(19, Math.floor(20 * t)) / 19),
  };
  function packed(colour) {
    const [r, g, b] = colour.map(Math.round);
    return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  }
  // The colour of each of 256 levels of a scan.
  function table(scan, share, colours) {
    const { top, white } = settings.scales[scan];
    const step = 100 * top / (255 * share * white);
    return Uint32Array.from({ length: 256 }, (_, v) => packed(shades[colours](Math.min(1, v * step))));
  }

  // A canvas of one pixel a voxel, filled by a function of the pixels' numbers.
  function filled(name, width, height, colour) {
    if (!small.has(name)) small.set(name, document.createElement("canvas"));
    const canvas = small.get(name);
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = colour(i);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  // What part of a slice is seen, in its voxels from the upper left corner.
  function seen(axis, look) {
    const [a, b] = axes(axis);
    const width = size[a] / look.zoom, height = size[b] / look.zoom;
    const x = turns(axis, look.mirrored) ? size[a] - look.centre[a] : look.centre[a];
    return { x: x - width / 2, y: size[b] - look.centre[b] - height / 2, width, height };
  }
  // The place in voxels at a share of a picture's width and height.
  function placeAt(axis, look, right, down) {
    const [a, b] = axes(axis), part = seen(axis, look);
    const x = part.x + right * part.width, y = part.y + down * part.height;
    return { [a]: turns(axis, look.mirrored) ? size[a] - x : x, [b]: size[b] - y };
  }

  // Marching squares on the soft masks: lines as sharp as the screen, however large.
  function outline(context, axis, index, bit, look, box, part) {
    const [a, b] = axes(axis), nu = size[a], nv = size[b];
    const labels = cut("labels", axis, index, look.mirrored), field = new Float32Array(nu * nv);
    const on = (u, v) => labels[Math.max(0, Math.min(nv - 1, v)) * nu + Math.max(0, Math.min(nu - 1, u))] >> bit & 1;
    for (let v = 0; v < nv; v++) for (let u = 0; u < nu; u++) {
      let sum = -0.5;
      for (let dv = -1; dv <= 1; dv++) for (let du = -1; du <= 1; du++) {
        sum += on(u + du, v + dv) * (du ? 0.22 : 0.56) * (dv ? 0.22 : 0.56);
      }
      field[v * nu + u] = sum;
    }
    const scale = box.width / part.width;
    context.beginPath();
    for (let v = 0; v < nv - 1; v++) for (let u = 0; u < nu - 1; u++) {
      const i = v * nu + u;
      const corners = [field[i], field[i + 1], field[i + nu + 1], field[i + nu]], points = [];
      for (let edge = 0; edge < 4; edge++) {
        const from = corners[edge], to = corners[(edge + 1) % 4];
        if (from > 0 === to > 0) continue;
        const t = from / (from - to);
        const [du, dv] = [[t, 0], [1, t], [1 - t, 1], [0, 1 - t]][edge];
        points.push([box.x + (u + du + 0.5 - part.x) * scale, box.y + (v + dv + 0.5 - part.y) * scale]);
      }
      for (let k = 0; k + 1 < points.length; k += 2) {
        context.moveTo(...points[k]);
        context.lineTo(...points[k + 1]);
      }
    }
    context.strokeStyle = settings.outlines[bit];
    context.lineWidth = 1.4 * pixel;
    context.stroke();
  }

  // Marks at the edge, away from the cortex; lines through the picture only where asked for.
  function cross(context, axis, look, box, part, ink) {
    const [a, b] = axes(axis), scale = box.width / part.width;
    const u = look.place[a] + 0.5, v = size[b] - look.place[b] - 0.5;
    const x = box.x + ((turns(axis, look.mirrored) ? size[a] - u : u) - part.x) * scale;
    const y = box.y + (v - part.y) * scale, right = box.x + box.width, below = box.y + box.height;
    const long = look.crosshair ? Infinity : 7 * pixel, gap = 6 * pixel;
    const lines = [
      [x, box.y, x, Math.min(box.y + long, y - gap)], [x, below, x, Math.max(below - long, y + gap)],
      [box.x, y, Math.min(box.x + long, x - gap), y], [right, y, Math.max(right - long, x + gap), y],
    ];
    context.strokeStyle = look.crosshair ? "rgb(20, 120, 200)" : ink;
    context.lineWidth = pixel;
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) { context.moveTo(x0, y0); context.lineTo(x1, y1); }
    context.stroke();
  }

  function letters(context, axis, look, box, ink) {
    const [left, right] = axis === 0 ? ["P", "A"] : look.mirrored ? ["R", "L"] : ["L", "R"];
    const high = Math.max(10 * pixel, Math.min(16 * pixel, box.width / 9));
    context.font = `600 ${high}px system-ui, sans-serif`;
    context.fillStyle = ink;
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(left, box.x + 3 * pixel, box.y + box.height - pixel);
    context.textAlign = "right";
    context.fillText(right, box.x + box.width - 3 * pixel, box.y + box.height - pixel);
  }

  // Draws a slice, or a projection where index is null, into a box of a canvas.
  function draw(context, box, source, axis, index, look) {
    const [a, b] = axes(axis), nu = size[a], nv = size[b], part = seen(axis, look);
    const colours = table(source.scan, look.share, look.colours);
    const levels = cut(source.scan, axis, index, look.mirrored);
    const grey = filled("grey", nu, nv, (i) => 255 << 24 | levels[i] * 0x10101);
    if (work.width !== box.width || work.height !== box.height) {
      work.width = box.width;
      work.height = box.height;
    }
    at.imageSmoothingQuality = "high";
    at.drawImage(grey, part.x, part.y, part.width, part.height, 0, 0, box.width, box.height);
    const shot = at.getImageData(0, 0, box.width, box.height);
    const pixels = new Uint32Array(shot.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = colours[pixels[i] & 255];
    context.putImageData(shot, box.x, box.y);
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    context.imageSmoothingQuality = "high";
    const over = (canvas) => context.drawImage(
      canvas, part.x, part.y, part.width, part.height, box.x, box.y, box.width, box.height);
    if (source.map) {
      const map = cut("activation", axis, index, look.mirrored);
      const warm = settings.warm.map(([r, g, b, cover]) => cover << 24 | b << 16 | g << 8 | r);
      context.globalAlpha = look.opacity / 100;
      over(filled("map", nu, nv, (i) => warm[map[i]]));
      context.globalAlpha = 1;
    }
    if (source.scan === "patient" && volume("unseen") && index !== null) {
      const unseen = cut("unseen", axis, index, look.mirrored);
      over(filled("unseen", nu, nv, (i) => unseen[i] ? AMBER : 0));
    }
    const ink = (colours[0] & 255) > 128 ? "#33424d" : "#e7edf2";
    if (index !== null) look.lines.forEach((bit) => outline(context, axis, index, bit, look, box, part));
    if (look.place) cross(context, axis, look, box, part, ink);
    letters(context, axis, look, box, ink);
    context.restore();
  }

  return { axes, draw, pixel, placeAt, seen, table, turns, volume };
};
