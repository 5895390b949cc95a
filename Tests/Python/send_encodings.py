"""Lets headless Chromium send three encodings of a picture.

Usage: send_encodings.py FOLDER

Prints its offer as one line of JSON, takes FOLDER/answer.sdp as the answer, and when FOLDER/done is there prints as JSON
what its statistics say of each encoding: {"rid": {"ssrc", "packetsSent", "frameHeight"}}, and the identifiers that are
left to its sender.
"""

import json
import pathlib
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

OFFER = """
const done = arguments[0];
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [1280, 720];
const context = canvas.getContext('2d');
setInterval(() => {
  for (let count = 0; count < 20; count += 1) {
    context.fillStyle = `hsl(${360 * Math.random()} 80% 50%)`;
    context.fillRect(1280 * Math.random(), 720 * Math.random(), 80, 80);
  }
}, 40);
window.peer = new RTCPeerConnection({iceServers: []});
window.sender = peer.addTransceiver(canvas.captureStream(25).getTracks()[0], {
  direction: 'sendonly',
  sendEncodings: [
    {rid: 'q', scaleResolutionDownBy: 4}, {rid: 'h', scaleResolutionDownBy: 2}, {rid: 'f'},
  ],
}).sender;
peer.onicegatheringstatechange = () => {
  if (peer.iceGatheringState === 'complete') done(peer.localDescription.sdp);
};
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
"""
ANSWER = """
const [sdp, done] = arguments;
peer.setRemoteDescription({type: 'answer', sdp}).then(() => done(''), (error) => done(String(error)));
"""
STATISTICS = """
const done = arguments[0];
sender.getStats().then((report) => {
  const sent = {};
  for (const one of report.values()) {
    if (one.type !== 'outbound-rtp') continue;
    sent[one.rid ?? ''] = {ssrc: one.ssrc, packetsSent: one.packetsSent, frameHeight: one.frameHeight ?? 0};
  }
  done({sent, left: sender.getParameters().encodings.map((one) => one.rid ?? '')});
});
"""


def await_file(path):
    end = time.monotonic() + 40
    while not path.exists():
        if time.monotonic() > end:
            sys.exit(f"send_encodings.py: {path.name} does not come")
        time.sleep(0.05)
    return path.read_text()


def main(folder):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        # A machine without a network has this way alone.
        "--allow-loopback-in-peer-connection",
    ]:
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(30)
    try:
        print(json.dumps(driver.execute_async_script(OFFER)), flush=True)
        error = driver.execute_async_script(ANSWER, await_file(folder / "answer.sdp"))
        if error:
            sys.exit(f"send_encodings.py: {error}")
        await_file(folder / "done")
        print(json.dumps(driver.execute_async_script(STATISTICS)), flush=True)
    finally:
        driver.quit()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
