"""Lets headless Chromium send and receive a picture, and tells again and again what its congestion control allows.

Usage: watch_rates.py FOLDER HIGHEST

Prints its offer as one line of JSON, in which pictures may have HIGHEST bit/s, and takes FOLDER/answer.sdp as the answer. Then
prints what its statistics say four times a second, one line of JSON each, until FOLDER/done is there.
"""

import json
import pathlib
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

OFFER = """
const [highest, done] = arguments;
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [640, 360];
const context = canvas.getContext('2d');
// Enough change for any bitrate.
setInterval(() => {
  for (let count = 0; count < 12; count += 1) {
    context.fillStyle = `hsl(${360 * Math.random()} 80% 50%)`;
    context.fillRect(640 * Math.random(), 360 * Math.random(), 24, 24);
  }
}, 40);
window.peer = new RTCPeerConnection({iceServers: []});
peer.addTransceiver(canvas.captureStream(25).getTracks()[0], {
  direction: 'sendrecv', sendEncodings: [{maxBitrate: highest}],
});
peer.ontrack = ({track}) => {
  const video = Object.assign(document.createElement('video'), {muted: true, autoplay: true});
  video.srcObject = new MediaStream([track]);
  document.body.append(video);
};
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
peer.getStats().then((report) => {
  const seen = {available: 0, bytesReceived: 0, framesDecoded: 0};
  for (const one of report.values()) {
    if (one.type === 'candidate-pair' && one.nominated) seen.available = one.availableOutgoingBitrate ?? 0;
    if (one.type === 'inbound-rtp') [seen.bytesReceived, seen.framesDecoded] = [one.bytesReceived, one.framesDecoded];
  }
  done(seen);
});
"""


def await_file(path):
    end = time.monotonic() + 20
    while not path.exists():
        if time.monotonic() > end:
            sys.exit(f"watch_rates.py: {path.name} does not come")
        time.sleep(0.05)
    return path.read_text()


def main(folder, highest):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required",
        # A machine without a network has this way alone.
        "--allow-loopback-in-peer-connection",
    ]:
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(30)
    try:
        print(json.dumps(driver.execute_async_script(OFFER, highest)), flush=True)
        error = driver.execute_async_script(ANSWER, await_file(folder / "answer.sdp"))
        if error:
            sys.exit(f"watch_rates.py: {error}")
        end = time.monotonic() + 45
        while not (folder / "done").exists() and time.monotonic() < end:
            seen = driver.execute_async_script(STATISTICS)
            print(json.dumps({"time": time.time(), **seen}), flush=True)
            time.sleep(0.25)
    finally:
        driver.quit()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
