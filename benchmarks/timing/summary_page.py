"""How fluid the page on many studies is, in headless Chromium.

    python -m benchmarks.timing.summary_page [--studies 10000]

The studies are of random numbers. Frames are counted by requestAnimationFrame while the table is
scrolled, turned, filtered by what is typed, and sorted by every heading in turn; a frame that waits
for the page's program is as long as the program takes. Beside them stands the processor time of the
page's own thread for a step (program, layout and painting), which a busy machine does not change: a
frame is as long as that on a machine that does nothing else. Needs chromium and chromedriver.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import record
from monai_amyloid.findings.finding import doubt, refusal, warning
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result

COUNT_FRAMES = """
window.frames_ms = []; window.counting = true;
let last = performance.now();
const frame = (now) => { window.frames_ms.push(now - last); last = now;
  if (window.counting) requestAnimationFrame(frame); };
requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
"""
# What a person does, a step a frame or slower; `done` ends it.
ACTS = {
    "scrolling": """
let step = 0; const done = arguments[0];
const go = () => { window.scrollBy(0, step < 60 ? 120 : -120);
  if (step++ < 120) requestAnimationFrame(go); else done(step); }; go();
""",
    "turning pages": """
let step = 0; const done = arguments[0];
const go = () => { document.getElementById(step < 10 ? 'next' : 'before').click();
  if (step++ < 20) setTimeout(go, 60); else done(step); }; go();
""",
    "filtering": """
let step = 0; const done = arguments[0], find = document.getElementById('find');
const words = ['s', 'su', 'sub-0', 'sub-00', 'noise', 'noise bapl', 'bapl 1 or 2', '18f', '', 'x'];
const go = () => { find.value = words[step % 10]; find.dispatchEvent(new Event('input'));
  if (step++ < 29) setTimeout(go, 60); else { find.value = '';
    find.dispatchEvent(new Event('input')); done(step); } }; go();
""",
    "sorting": """
let step = 0; const done = arguments[0];
const heads = [...document.querySelectorAll('#studies th button')];
const go = () => { heads[(step >> 1) % heads.length].click();
  if (step++ < 4 * heads.length) setTimeout(go, 60); else done(step); }; go();
""",
}


def many_results(count: int) -> list[Result]:
    """Studies of every kind: refused, doubtful, with warnings and without."""
    random = np.random.default_rng(0)
    results = []
    for number in range(count):
        name, kind = f"sub-{number:05d}_ses-01", random.uniform()
        load = float(random.uniform(-15, 130))
        if kind < 0.05:
            seen = refusal("not_seen", f"the cerebellum is {load:.1f}% inside the field of view")
            results.append(Result(name=name, status="refused", findings=(seen,)))
            continue
        chances = sorted(random.dirichlet((0.4, 0.4, 0.4)))
        grade, other = int(random.integers(1, 4)), int(random.integers(1, 4))
        found = (warning("noise", f"the noise is {load:.1f}%"),) if kind > 0.8 else ()
        doubtful = kind < 0.25
        results.append(
            Result(
                name=name,
                status="needs_reader" if doubtful else "graded",
                findings=(doubt("unsure", "more than one grade is likely"), *found)
                if doubtful
                else found,
                grade=grade,
                prediction_set=tuple(sorted({grade, other})) if doubtful else (grade,),
                probabilities={1: chances[0], 2: chances[1], 3: chances[2]},
                centiloid=load,
                centiloid_interval=(load - 8, load + 8),
                study={
                    "tracer": ("18FFBB", "18FAV45", "18FFMM")[number % 3],
                    "site": f"site-{number % 6 + 1}",
                },
                model={"learnt_from": "simulated"},
            )
        )
    return results


def frames_while(browser: Any, name: str) -> tuple[float, float, float, float]:
    """Median, 95 % and longest of the frames while one of :data:`ACTS` is done, and its step.

    All in milliseconds; of a step it is the processor time of the page's thread.
    """
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    browser.execute_script(COUNT_FRAMES)
    before = _processor_ms(browser)
    steps = browser.execute_async_script(ACTS[name])
    browser.execute_script("window.counting = false")
    step = (_processor_ms(browser) - before) / steps
    taken = np.array(browser.execute_script("return window.frames_ms"))
    return float(np.median(taken)), float(np.percentile(taken, 95)), float(taken.max()), step


def _processor_ms(browser: Any) -> float:
    """Processor time of the page's thread up to now."""
    metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000 * next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def main() -> None:
    """Write, open, and use the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    studies = parser.parse_args().studies
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    from report.browsing import running_browser

    with tempfile.TemporaryDirectory() as name:
        results = many_results(studies)
        start = time.perf_counter()
        page = write_summary_page(results, Path(name) / "summary.html")
        written = time.perf_counter() - start
        print(f"{studies} studies: {page.stat().st_size / 1e6:.2f} MB, written in {written:.2f} s")
        record("size of the page of many studies", page.stat().st_size / 1e6, "MB")
        record("writing the page of many studies", written, "s")
        running = running_browser(Path(name) / "profile")
        browser = next(running)
        browser.get(page.as_uri())
        ready = browser.execute_script(
            "return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        )
        print(f"ready after {ready:.0f} ms\n")
        print("| while | median | 95 % | longest | processor a step |\n|---|---|---|---|---|")
        record("opening the page of many studies", ready, "ms")
        for act in ACTS:
            median, high, longest, step = frames_while(browser, act)
            print(
                f"| {act} | {median:.0f} ms | {high:.0f} ms | {longest:.0f} ms | {step:.1f} ms |",
                flush=True,
            )
            record(f"processor time of a step of many studies while {act}", step, "ms")
            record(f"a frame of many studies while {act}", high, "ms", low=median, high=longest)
        next(running, None)


if __name__ == "__main__":
    main()
