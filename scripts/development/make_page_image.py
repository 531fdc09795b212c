"""Pictures of a node's page for the docs, as headless Chromium shows their first screen.

    python scripts/development/make_page_image.py http://localhost:8043 USER STUDY < password

The page is of a node that graded simulated studies; pictures of its list and of the study of that
number become `docs/images/node_list.png` and `docs/images/node_study.png`.
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
SIZE, COLOURS = (1300, 700), 96


def main() -> None:
    """Log in, and take the two pictures."""
    address, user, study = sys.argv[1:]
    password = sys.stdin.readline().rstrip("\n")
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        switches = ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars", "lang=en")
        for switch in (*switches, f"user-data-dir={profile}"):
            options.add_argument(f"--{switch}")
        # Debian's, which fetch nothing.
        options.binary_location = shutil.which("chromium") or ""
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        width, height = SIZE
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(f"{address}/login?language=en")
        for name, value in (("name", user), ("password", password)):
            browser.find_element("css selector", f"[name={name}]").send_keys(value)
        browser.find_element("css selector", "form.login button").click()
        for picture, place in (("list", "/"), ("study", f"/study/{study}")):
            browser.get(f"{address}{place}")
            time.sleep(3)
            path = IMAGES / f"node_{picture}.png"
            browser.save_screenshot(str(path))
            # A screen has few colours: a fifth of the size, and nothing of it is seen.
            Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
        browser.quit()


if __name__ == "__main__":
    main()
