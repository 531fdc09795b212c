"""Pictures of report pages for the docs, as headless Chromium shows their first screen.

    python scripts/development/make_report_images.py NAME=PAGE …

PAGE is a page that `infer` or `follow` wrote of simulated studies; its picture becomes
`docs/images/report_NAME.png`.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE, COLOURS = (1300, 860), 96


def main() -> None:
    """Take one picture after another."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        switches = ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars")
        for switch in (*switches, f"user-data-dir={profile}"):
            options.add_argument(f"--{switch}")
        # Debian's, which fetch nothing.
        options.binary_location = shutil.which("chromium") or ""
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        width, height = SIZE
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for each in sys.argv[1:]:
            name, _, page = each.partition("=")
            browser.get(Path(page).resolve().as_uri())
            time.sleep(1.5)
            path = IMAGES / f"report_{name}.png"
            browser.save_screenshot(str(path))
            # A screen has few colours: a fifth of the size, and nothing of it is seen.
            Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
        browser.quit()


if __name__ == "__main__":
    main()
