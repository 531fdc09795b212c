"""Headless Chromium for the pages' tests."""

import base64
import io
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SWITCHES = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync disable-dev-shm-usage hide-scrollbars "
    "window-size=1300,1500"
)


def running_browser(profile: Path) -> Iterator[Any]:
    """A browser that keeps its logs; the test is skipped where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium of the extra dev")
    from selenium.webdriver.chrome.service import Service

    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        pytest.skip("needs the Debian packages chromium and chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for switch in (*SWITCHES.split(), f"user-data-dir={profile}"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = selenium.Chrome(options=options, service=Service(driver))
    yield running
    running.quit()


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the page did not get there in time"
        time.sleep(0.02)


AXE = Path(__file__).parents[2] / ".npm" / "axe-core@4.14.1" / "axe.min.js"


def barriers(running: Any) -> list[str]:
    """What axe-core finds on the page that keeps people from reading it; a line a rule and place.

    The page's own policy forbids scripts of others: the browser's tools put axe-core in.
    """
    if not AXE.exists():
        pytest.skip("needs axe-core: scripts/install_npm_packages.sh")
    evaluate = {"expression": AXE.read_text(encoding="utf-8")}
    running.execute_cdp_cmd("Runtime.evaluate", evaluate)
    found = running.execute_async_script("axe.run(document).then(arguments[0])")
    return [
        f"{each['id']}: {node['target']}: {node['html'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def emulate(running: Any, *, scheme: str = "light", media: str = "") -> None:
    """Light or dark, screen or print, as a person's device would ask for."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    running.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def wide(browser: Any, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def settle(page: Any) -> None:
    page.execute_async_script(
        "const done = arguments[0];"
        "requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)));"
    )


def canvas(page: Any, selector: str) -> NDArray[np.int64]:
    """The pixels of a canvas, once it has been drawn again."""
    settle(page)
    script = "return document.querySelector(arguments[0]).toDataURL()"
    uri = page.execute_script(script, selector)
    picture = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB")
    return np.asarray(picture).astype(int)
