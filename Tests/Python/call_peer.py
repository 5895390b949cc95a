"""Calls `rtcsim peer` from its page in headless Chromium, and looks at what Chromium's own statistics say.

Usage: call_peer.py URL FOLDER [--seconds N] [--capture FILE.y4m] [--synthetic | --data] [--simulcast]
                    [--steps reload,tab,restart,track,crash,garbage,echo]

Prints what it saw as JSON and writes screenshots into FOLDER; ends with a message and status 1 when something is wrong.
"""

import argparse
import json
import random
import socket
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


class Browser:
    def __init__(self, capture, has_media, is_layered):
        self.has_media = has_media
        # The statistics show the first stream alone, and of several sizes that may be one that is not sent yet.
        self.is_layered = is_layered
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000",
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            "--autoplay-policy=no-user-gesture-required",
            # A machine without a network has this way alone.
            "--allow-loopback-in-peer-connection",
        ]
        if capture:
            arguments.append(f"--use-file-for-fake-video-capture={capture}")
        for argument in arguments:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)
        self.wait_for_call()

    def run(self, script):
        return self.driver.execute_script(script)

    def wait(self, condition, sentence, seconds=20):
        try:
            WebDriverWait(self.driver, seconds, poll_frequency=0.2).until(lambda _: condition())
        except TimeoutException:
            signals = self.run("return window.rtcsim.signals.map((one) => one.direction + ' ' + one.message.type)")
            states = self.run("return window.rtcsim.states")
            said = self.driver.find_element(By.ID, "outcome").text
            raise AssertionError(f"{sentence}; states {states}, errors {self.errors()}, signals {signals}, {said}") from None

    def wait_for_call(self):
        self.wait(lambda: self.run("return window.rtcsim.states.connection === 'connected'"), "the page is connected")
        if not self.has_media:
            return
        # A page that nobody has clicked on is silent, and what is silent has no energy.
        self.driver.find_element(By.ID, "sound").click()
        self.wait(lambda: (self.stats().get("in-video") or {}).get("framesDecoded", 0) > 0, "Chromium decodes our pictures")

    def stats(self):
        return self.run("return window.rtcsim.stats")

    def errors(self):
        return self.run("return window.rtcsim.errors") + [
            entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def watch(self, seconds):
        """Lets the call go on and compares the statistics before and after."""
        # The figures are read once a second.
        time.sleep(1.2)
        before = self.stats()
        time.sleep(seconds)
        after = self.stats()
        grown = {}
        for stream, member in [
            ("in-video", "framesDecoded"), ("in-audio", "totalAudioEnergy"), ("in-audio", "packetsReceived"),
            *([] if self.is_layered else [("out-video", "framesEncoded")]), ("out-audio", "packetsSent"),
        ]:
            grown[f"{stream}.{member}"] = (after[stream].get(member) or 0) - (before[stream].get(member) or 0)
            check(grown[f"{stream}.{member}"] > 0, f"{member} of {stream} grows: {after[stream]}")
        for stream in ["in-video", "in-audio"]:
            check(after[stream]["packetsLost"] == 0, f"nothing is lost: {after[stream]['packetsLost']} of {stream}")
        return {
            **grown, "seconds": seconds, "codecs": sorted({after[s].get("codecId", "") for s in ["in-video", "in-audio"]}),
            "freezeCount": after["in-video"].get("freezeCount"), "keyFramesDecoded": after["in-video"].get("keyFramesDecoded"),
            "tlsVersion": after["transport"].get("tlsVersion"), "srtpCipher": after["transport"].get("srtpCipher"),
            "size": [after["in-video"].get("frameWidth"), after["in-video"].get("frameHeight")],
            "path": [after["pair"]["local"]["candidateType"], after["pair"]["remote"]["candidateType"]],
        }


def reload(browser, url):
    browser.driver.refresh()
    browser.wait_for_call()
    return browser.watch(2)


def tab(browser, url):
    """A second page calls at the same time, and goes without a word."""
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(url)
    browser.watch(2)
    browser.driver.close()
    browser.driver.switch_to.window(first)
    return browser.watch(2)


def restart(browser, url):
    """ICE is restarted: other credentials, the same streams."""
    ufrag = "return window.rtcsim.connection.localDescription.sdp.match(/ice-ufrag:(\\S+)/)[1]"
    before = browser.run(ufrag)
    browser.driver.find_element(By.ID, "restart").click()
    browser.wait(lambda: browser.run(ufrag) != before, "there are new credentials")
    browser.wait(
        lambda: browser.run("return window.rtcsim.connection.signalingState === 'stable' && "
                            "['connected', 'completed'].includes(window.rtcsim.connection.iceConnectionState)"),
        "ICE is connected again")
    return browser.watch(2)


def track(browser, url):
    """A second picture is added in the middle of the call."""
    browser.driver.find_element(By.ID, "add-track").click()
    sent = ("return [...(await window.rtcsim.connection.getStats()).values()].filter((one) => "
            "one.type === 'outbound-rtp' && one.kind === 'video' && one.framesEncoded > 10).length")
    browser.wait(
        lambda: browser.driver.execute_async_script(f"const done = arguments[0]; (async () => {{ {sent} }})().then(done)") == 2,
        "two pictures are sent")
    return browser.watch(2)


def crash(browser, url):
    """The page ends in the middle of everything."""
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(url)
    try:
        browser.driver.set_page_load_timeout(3)
        browser.driver.get("chrome://crash")
    except Exception:
        pass
    browser.driver.set_page_load_timeout(30)
    browser.driver.switch_to.window(first)
    return browser.watch(2)


CLOSE_CODE = """
const [text, done] = arguments;
const socket = new WebSocket(`ws://${location.host}/signaling`);
socket.onopen = () => socket.send(text === null ? new Uint8Array(9) : text);
socket.onclose = (event) => done(event.code);
"""


def garbage(browser, url):
    """Nonsense on other WebSockets and at the port of the media ends nothing but what it came on."""
    codes = [browser.driver.execute_async_script(CLOSE_CODE, text) for text in [
        "hello", "[]", "{}", json.dumps({"type": "offer", "sdp": "v=0"}), json.dumps({"type": "answer", "sdp": ""}),
        "x" * 70000, None]]
    check(codes == [1008, 1008, 1008, 1008, 1008, 1009, 1003], f"each is told why: {codes}")
    candidates = browser.run("return window.rtcsim.signals.filter((one) => one.direction === 'received' && "
                             "one.message.candidate).map((one) => one.message.candidate)")
    target = ("127.0.0.1", int(candidates[-1].split()[5]))
    dice = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(20000):
            # Of each kind that the port tells apart by its first byte: STUN, DTLS, RTP.
            first = dice.choice([0, 1, 22, 23, 128, 144, dice.randrange(256)])
            sender.sendto(bytes([first]) + dice.randbytes(dice.randrange(200)), target)
            if number % 200 == 0:
                time.sleep(0.01)
    time.sleep(1)
    return {"codes": codes, **browser.watch(2)}


ECHO = """
const done = arguments[0];
const { channel } = window.rtcsim.echo;
const sent = ["a text, with an ö and an 🙂", "", new Uint8Array(0)];
// 1 MiB: 16 messages of 16 KiB, 8 of 64 KiB and one of 256 KiB, the largest that is announced.
for (let number = 0; number < 25; number += 1) {
  const bytes = new Uint8Array(number < 16 ? 16384 : number < 24 ? 65536 : 262144);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = number * 31 + place * 7 + (place >> 8);
  sent.push(bytes);
}
let [count, bytes, wrong] = [0, 0, []];
const begin = performance.now();
const finish = () => done({
  count, bytes, wrong, milliseconds: performance.now() - begin, state: channel.readyState, sent: sent.length,
  ordered: channel.ordered, label: channel.label, maxMessageSize: window.rtcsim.connection.sctp.maxMessageSize });
const same = (one, other) => typeof one === typeof other && (typeof one === "string" ? one === other
  : one.byteLength === other.byteLength && new Uint8Array(one).every((byte, place) => byte === other[place]));
const timer = setTimeout(finish, 20000);
channel.addEventListener("message", ({ data }) => {
  if (!same(data, sent[count])) wrong.push(count);
  count += 1;
  bytes += typeof data === "string" ? data.length : data.byteLength;
  if (count === sent.length) { clearTimeout(timer); finish(); }
});
for (const message of sent) channel.send(message);
"""


def echo(browser, url):
    """1 MiB and the odd messages come back as they were sent, in their order."""
    browser.wait(lambda: browser.run("return window.rtcsim.echo?.channel.readyState === 'open'"), "the channel is open")
    result = browser.driver.execute_async_script(ECHO)
    check(result["count"] == result["sent"] and not result["wrong"], f"each message comes back: {result}")
    check(result["bytes"] >= 1 << 20, f"1 MiB comes back: {result}")
    if browser.has_media:
        result.update(browser.watch(2))
    return result


STEPS = {one.__name__: one for one in [reload, tab, restart, track, crash, garbage, echo]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--capture")
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--data", action="store_true", help="a data channel and no media")
    parser.add_argument("--simulcast", action="store_true", help="the picture in three sizes")
    parser.add_argument("--steps", default="")
    arguments = parser.parse_args()
    options = [name for name in ["synthetic", "data", "simulcast"] if getattr(arguments, name)]
    url = arguments.url + "?" + "&".join(["auto", *options])
    with Browser(arguments.capture, has_media=not arguments.data, is_layered=arguments.simulcast) as browser:
        browser.open(url)
        summary = {}
        if browser.has_media:
            summary["call"] = browser.watch(arguments.seconds)
            summary["colour"] = browser.run("return window.rtcsim.colour()")
        browser.driver.save_screenshot(f"{arguments.folder}/peer.png")
        for name in filter(None, arguments.steps.split(",")):
            summary[name] = STEPS[name](browser, url)
        errors = browser.errors()
        check(not errors, f"no errors in the page: {errors}")
        browser.driver.find_element(By.ID, "hang-up").click()
        time.sleep(0.5)
    print(json.dumps(summary))


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"call_peer.py: {error}")
