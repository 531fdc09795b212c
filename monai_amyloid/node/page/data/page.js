// The worklist is brought up to date while somebody looks at it; nobody has to load the page again.
(function () {
  "use strict";
  const live = () => document.getElementById("live");
  const seconds = Number(live().dataset.refresh);
  let asking = false;
  async function bring() {
    if (asking || document.hidden || live().contains(document.activeElement)) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = fresh.getElementById("live");
      if (next && !live().contains(document.activeElement)) live().replaceWith(next);
    } catch { /* the next time, perhaps */ } finally { asking = false; }
  }
  if (seconds >= 1) setInterval(bring, 1000 * seconds);
})();
