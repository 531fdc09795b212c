"""How large and how fluid the page of a large cohort is, in headless Chromium.

    python -m benchmarks.timing.explore_page [--scans 10000]

The cohort is of random numbers, explored by the same code; every scan has a picture of its own
(the template with noise), as real ones would. Frames are counted by requestAnimationFrame while
the mouse moves over the dots, drags a box and turns the wheel; a picture of a smooth page is 60 a
second, 16.7 ms each. Needs chromium and chromedriver.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

from benchmarks.figures import record
from monai_amyloid.brain.template import pet_templates
from monai_amyloid.pictures.thumbnails import thumbnail
from monai_amyloid.report.explore import page as explore_page

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from explore.explorations import make_exploration

SWITCHES = "headless=new no-sandbox disable-gpu disable-dev-shm-usage window-size=1300,1500"
COUNT_FRAMES = """
window.frames_ms = []; let last = performance.now(); window.counting = true;
const frame = (now) => { frames_ms.push(now - last); last = now;
  if (window.counting) requestAnimationFrame(frame); };
requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
"""
MODELS = "[...Bokeh.documents[0]._all_models.values()]"


def write_page(folder: Path, scans: int) -> tuple[Path, float]:
    """The page, and the seconds that writing it took, pictures left out."""
    random = np.random.default_rng(0)
    template = pet_templates()[1].astype(np.float32)
    pictures = []
    for _ in range(scans):
        noise = random.normal(0, 0.12, (23, 28, 23)).astype(np.float32)
        whole = noise.repeat(4, 0).repeat(4, 1).repeat(4, 2)[:91, :109, :91]
        pictures.append(thumbnail(template * (1 + whole)))
    made = make_exploration(folder, scans)
    drawn = iter(pictures)
    with (
        patch.object(explore_page, "thumbnail", lambda volume: next(drawn)),
        patch.object(explore_page, "load_suvr", lambda path: template),
    ):
        start = time.perf_counter()
        page = explore_page.write_explore_page(made, folder / "explore.html")
        return page, time.perf_counter() - start


def frames(browser: Any, what: str, act: Any) -> str:
    """Median and 95 % of the frames' milliseconds while something is done."""
    browser.execute_script(COUNT_FRAMES)
    act()
    browser.execute_script("window.counting = false")
    taken = np.array(browser.execute_script("return window.frames_ms"))
    record(f"a frame while {what}", np.median(taken), "ms", high=np.percentile(taken, 95))
    return f"{np.median(taken):.0f} ms | {np.percentile(taken, 95):.0f} ms | {len(taken)}"


def main() -> None:
    """Write, open, and use the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=10_000)
    scans = parser.parse_args().scans
    with tempfile.TemporaryDirectory() as name:
        page, seconds = write_page(Path(name), scans)
        print(f"{scans} scans: {page.stat().st_size / 1e6:.1f} MB, written in {seconds:.1f} s")
        record("size of the page", page.stat().st_size / 1e6, "MB")
        record("writing the page, pictures aside", seconds, "s")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for switch in SWITCHES.split():
            options.add_argument(f"--{switch}")
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            measure(browser, page)
        finally:
            browser.quit()


def measure(browser: Any, page: Path) -> None:
    """Print what using the page takes."""
    start = time.perf_counter()
    browser.get(page.as_uri())
    while not browser.execute_script("return Boolean(window.Bokeh && Bokeh.documents[0]?.is_idle)"):
        time.sleep(0.05)
    opened = time.perf_counter() - start
    print(f"opened and drawn in {opened:.1f} s\n")
    record("opening and drawing the page", opened, "s")
    figure = browser.find_element("css selector", ".bk-Figure")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
    print("| while | median | 95 % | frames |\n|---|---|---|---|")

    def point() -> None:
        moves = ActionChains(browser, duration=15)
        for step in range(120):
            moves.move_to_element_with_offset(figure, -250 + 4 * step, (step * 37) % 200 - 100)
        moves.perform()

    def select() -> None:
        drag = ActionChains(browser, duration=15)
        drag.move_to_element_with_offset(figure, -270, -180).click_and_hold()
        for _ in range(40):
            drag.move_by_offset(8, 7)
        drag.release().perform()

    def zoom() -> None:
        origin = ScrollOrigin.from_element(figure)
        for direction in (-1, 1):
            wheel = ActionChains(browser, duration=15)
            for _ in range(15):
                wheel.scroll_from_origin(origin, 0, 60 * direction)
            wheel.perform()

    for what, act in (("nothing", lambda: time.sleep(1)), ("pointing", point),
                      ("dragging a box", select), ("zooming", zoom)):  # fmt: skip
        print(f"| {what} | {frames(browser, what, act)} |", flush=True)
    for title, value in (("coloured by", "continuum score"), ("drawn by", "pca")):
        taken = browser.execute_async_script(
            "const done = arguments[arguments.length - 1]; const start = performance.now();"
            f"{MODELS}.find((model) => model.title === '{title}').value = '{value}';"
            "requestAnimationFrame(() => requestAnimationFrame(() =>"
            " done(performance.now() - start)));"
        )
        print(f"{title} {value}: drawn after {taken:.0f} ms")
        record(f"{title} {value}: drawn after", taken, "ms")


if __name__ == "__main__":
    main()
