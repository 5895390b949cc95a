"""Drives the page of `rtcsim serve` in headless Chromium, as somebody with a keyboard would.

Usage: drive_page.py URL FOLDER [EXPORTED.html]

Prints what it saw as JSON and writes screenshots into FOLDER; ends with a message and status 1 when something is wrong.
"""

import json
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


class Page:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def __init__(self, url):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(30)
        self.resize(1280, 900, "light")
        self.driver.get(url)
        self.wait(lambda: "/" in self.text("moment-number"), "the page shows a moment")

    def resize(self, width, height, scheme):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800})
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def wait(self, condition, sentence):
        try:
            WebDriverWait(self.driver, 20).until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(sentence) from None

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, name):
        return self.driver.find_element(By.ID, name).text

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def moment(self):
        return int(self.text("moment-number").split("/")[0])

    def seen(self):
        """All that is shown of the present moment."""
        return [self.text(name) for name in ("moment-number", "moment-title", "moment-detail", "moment-text")]

    def end_states(self):
        return [one.text for one in self.driver.find_elements(By.CSS_SELECTOR, ".machine b")]

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def fits(self):
        return self.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def step(page, key, count):
    """Presses a key and gives what was seen after each time, with the states of both ends."""
    seen = []
    for _ in range(count):
        before = page.moment()
        page.press(key)
        page.wait(lambda: page.moment() != before, f"{key} changes the moment")
        # The panel follows when its snapshot is there.
        time.sleep(0.05)
        seen.append((page.seen(), page.end_states()))
    return seen


def drive(page, folder):
    first = (page.seen(), page.end_states())
    forward = [first] + step(page, Keys.ARROW_RIGHT, 30)
    back = step(page, Keys.ARROW_LEFT, 30)
    check([one[0] for one in reversed(back)] == [one[0] for one in forward[:-1]], "going back shows what was shown before")
    check([one[1] for one in reversed(back)] == [one[1] for one in forward[:-1]], "and the same states of both ends")
    check(len({tuple(one[1]) for one in forward}) > 3, "the states change on the way")

    page.press("/", *"ClientHello", Keys.ENTER, Keys.ESCAPE)
    page.wait(lambda: page.text("moment-detail") == "ClientHello", "the search finds the ClientHello")
    page.press("d")
    page.wait(lambda: page.find("#decode").is_displayed(), "the message is decoded")
    decoded = page.text("decode")
    check("ClientHello" in decoded and "16 fe ff" in decoded.replace("\n", " "), "with its fields and bytes")
    page.driver.save_screenshot(f"{folder}/decode-1280-light.png")
    page.press(Keys.ESCAPE)
    check(not page.find("#decode").is_displayed(), "Escape closes the message")

    for number in "123456":
        page.press(number)
        time.sleep(0.3)
    page.press("1", "t")
    page.driver.save_screenshot(f"{folder}/page-1280-light.png")
    time.sleep(0.5)
    link = page.driver.current_url
    check("moment=" in link and "depth=engineer" in link, f"the address leads to the moment: {link}")

    page.press("w")
    page.find("[data-action=drop-next]").send_keys(Keys.ENTER)
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, "#difference"), "the change is compared")
    difference = page.text("difference")
    check("DTLS timer repeated 1 flight" in difference, f"the DTLS timer is told: {difference[:300]}")
    check(len(page.driver.find_elements(By.CSS_SELECTOR, "#histories button")) == 2, "original and change are both there")
    page.driver.save_screenshot(f"{folder}/difference-1280-light.png")
    time.sleep(0.5)
    forked = (page.driver.current_url, page.seen())

    page.resize(390, 844, "dark")
    time.sleep(0.5)
    check(page.fits(), "nothing sticks out at 390 pixels")
    page.driver.save_screenshot(f"{folder}/page-390-dark.png")
    page.find("#tab-ladder").click()
    time.sleep(0.5)
    page.driver.save_screenshot(f"{folder}/ladder-390-dark.png")
    page.resize(1280, 900, "dark")
    time.sleep(0.5)
    check(page.fits(), "nothing sticks out at 1280 pixels")
    page.driver.save_screenshot(f"{folder}/page-1280-dark.png")

    page.driver.get("about:blank")
    page.driver.get(forked[0])
    page.wait(lambda: "/" in page.text("moment-number"), "a link leads to a moment")
    page.wait(lambda: page.seen() == forked[1], "and to the same change")
    errors = page.errors()
    check(not errors, f"no errors in the console: {errors}")
    return {"stepsForward": 30, "link": link, "difference": " ".join(difference.split())[:600]}


def open_exported(page, folder):
    step(page, Keys.ARROW_RIGHT, 5)
    page.press("2", "d")
    page.wait(lambda: page.find(".panel:not([hidden])").text != "", "an exported page shows its panels")
    page.driver.save_screenshot(f"{folder}/exported.png")
    errors = page.errors()
    check(not errors, f"no errors in the console of an exported page: {errors}")


if __name__ == "__main__":
    try:
        with Page(sys.argv[1]) as page:
            summary = drive(page, sys.argv[2])
        if len(sys.argv) > 3:
            with Page(f"file://{sys.argv[3]}") as page:
                open_exported(page, sys.argv[2])
        print(json.dumps(summary))
    except AssertionError as error:
        sys.exit(f"drive_page.py: {error}")
