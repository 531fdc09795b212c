// The worklist is brought up to date while somebody looks at it; nobody has to load the page again.
(function () {
  "use strict";
  const live = () => document.getElementById("live");
  const seconds = Number(live().dataset.refresh);
  async function bring() {
    if (document.hidden || live().contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = fresh.getElementById("live");
      if (next && !live().contains(document.activeElement)) live().replaceWith(next);
    } catch { /* the next time, perhaps */ }
  }
  if (seconds >= 1) setInterval(bring, 1000 * seconds);
})();
