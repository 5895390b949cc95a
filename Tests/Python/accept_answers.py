"""Lets aiortc judge answers of ours.

Usage: accept_answers.py FOLDER

FOLDER/recorded.json has offers that somebody made and our answers: aiortc parses both, and finds in each accepted section
what it would need to go on. Then offers of aiortc itself are printed as one line of JSON; when FOLDER/answers.json is
there with the answers, aiortc takes each of them as its remote description. Prints what it saw as JSON.
"""

import asyncio
import json
import pathlib
import sys
import time

import aioice.ice
import aiortc
from aiortc.rtcpeerconnection import find_common_codecs
from aiortc.sdp import SessionDescription

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
MEDIA = ("audio", "video")
# What may answer a direction (RFC 3264 §6.1).
ANSWERS = {
    "sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"}, "sendonly": {"recvonly", "inactive"},
    "recvonly": {"sendonly", "inactive"}, "inactive": {"inactive"},
}


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def judge(name, offer, answer):
    """What aiortc asks of a remote description before it goes on, for an offer that need not be its own."""
    offer, answer = SessionDescription.parse(offer), SessionDescription.parse(answer)
    check(len(offer.media) == len(answer.media), f"{name}: as many sections")
    again = SessionDescription.parse(str(answer))
    check(str(again) == str(answer), f"{name}: what aiortc writes of it is the same to it")
    accepted, rejected = 0, 0
    for offered, answered in zip(offer.media, answer.media):
        place = f"{name}: section {offered.rtp.muxId}"
        check((offered.kind, offered.rtp.muxId, offered.profile) == (answered.kind, answered.rtp.muxId, answered.profile),
              f"{place}: {answered.kind} {answered.rtp.muxId} {answered.profile}")
        if answered.port == 0:
            rejected += 1
            continue
        accepted += 1
        check(answered.dtls.role in ("client", "server") and answered.dtls.fingerprints, f"{place}: DTLS {answered.dtls}")
        check(answered.ice.usernameFragment and answered.ice.password, f"{place}: ICE {answered.ice}")
        if offered.kind in MEDIA:
            check(answered.direction in ANSWERS[offered.direction], f"{place}: {offered.direction}, {answered.direction}")
            check(answered.rtcp_mux, f"{place}: rtcp-mux")
            common = find_common_codecs(offered.rtp.codecs, answered.rtp.codecs)
            check(common and len(common) == len(answered.rtp.codecs), f"{place}: codecs {answered.rtp.codecs}")
            numbers = {(codec.payloadType, codec.name) for codec in offered.rtp.codecs}
            check(all((codec.payloadType, codec.name) in numbers for codec in common), f"{place}: payload types")
            extensions = {(one.id, one.uri) for one in offered.rtp.headerExtensions}
            check(all((one.id, one.uri) in extensions for one in answered.rtp.headerExtensions), f"{place}: extensions")
        else:
            check(answered.sctp_port or answered.sctpmap, f"{place}: an SCTP port")
    return accepted, rejected


class Still(aiortc.MediaStreamTrack):
    """A track that is described and never read."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    async def recv(self):
        await asyncio.sleep(60)


def connection(*parts):
    made = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    for part in parts:
        if part == "data":
            made.createDataChannel("chat")
        elif part.startswith("recv-"):
            made.addTransceiver(part.removeprefix("recv-"), direction="recvonly")
        else:
            made.addTrack(Still(part))
    return made


async def main(folder):
    recorded = json.loads((folder / "recorded.json").read_text())
    judged = [judge(name, one["offer"], one["answer"]) for name, one in sorted(recorded.items())]
    live = {
        "audio": connection("audio"), "av": connection("audio", "video"), "avd": connection("audio", "video", "data"),
        "data": connection("data"), "recvonly": connection("recv-audio", "recv-video"),
        "two-videos": connection("video", "video", "audio"),
    }
    for one in live.values():
        await one.setLocalDescription(await one.createOffer())
    print(json.dumps({name: one.localDescription.sdp for name, one in live.items()}), flush=True)
    answers, end = folder / "answers.json", time.monotonic() + 20
    while not answers.exists() and time.monotonic() < end:
        await asyncio.sleep(0.02)
    for name, sdp in json.loads(answers.read_text()).items():
        await live[name].setRemoteDescription(aiortc.RTCSessionDescription(sdp, "answer"))
        check(live[name].signalingState == "stable", f"{name} is settled")
        judge(name, live[name].localDescription.sdp, sdp)
        directions = [one.currentDirection for one in live[name].getTransceivers()]
        check(all(directions), f"{name}: each transceiver is negotiated: {directions}")
    print(json.dumps({
        "recorded": len(judged), "accepted": sum(one for one, _ in judged), "rejected": sum(one for _, one in judged),
        "set": len(live)}), flush=True)
    await asyncio.gather(*(one.close() for one in live.values()))


if __name__ == "__main__":
    try:
        asyncio.run(asyncio.wait_for(main(pathlib.Path(sys.argv[1])), 50))
    except (AssertionError, asyncio.TimeoutError) as error:
        sys.exit(f"accept_answers.py: {error or 'it took too long'}")
