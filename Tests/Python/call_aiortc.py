"""Calls `rtcsim peer` with aiortc over its WebSocket, and counts what aiortc decodes and what comes back.

Usage: call_aiortc.py URL [--seconds N] [--data-only] [--messages N] [--loss P --seed N | --relayed]

Who offers is said by the program. With --loss all datagrams pass a relay of this script that drops them at random, by
seeded dice for each direction. With --relayed aiortc uses the TURN server that the program names and nothing else.
Prints what it saw as JSON; ends with a message and status 1 when something is wrong.
"""

import argparse
import asyncio
import fractions
import json
import math
import random
import re
import struct
import sys
import time

import aioice.ice
import aiortc
import av
import websockets

# aioice leaves out the loopback by itself; here nothing else is used.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


class Picture(aiortc.VideoStreamTrack):
    """A bright field with a bar that wanders."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(320, 240, "yuv420p")
        for plane, value in zip(frame.planes, [200, 90, 140]):
            plane.update(bytes([value]) * plane.buffer_size)
        luma = bytearray(bytes(frame.planes[0]))
        top = pts // 3000 * 4 % 200
        for row in range(top, top + 20):
            luma[row * frame.planes[0].line_size:(row + 1) * frame.planes[0].line_size] = bytes(frame.planes[0].line_size)
        frame.planes[0].update(bytes(luma))
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(aiortc.MediaStreamTrack):
    """440 Hz, 20 ms at a time."""

    kind = "audio"
    begin = None
    count = 0

    async def recv(self):
        self.begin = self.begin or time.monotonic()
        await asyncio.sleep(max(0, self.begin + self.count * 0.02 - time.monotonic()))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        first = self.count * 960
        frame.planes[0].update(struct.pack(
            "<960h", *(int(8000 * math.sin(2 * math.pi * 440 * (first + place) / 48000)) for place in range(960))))
        frame.sample_rate, frame.pts, frame.time_base = 48000, first, fractions.Fraction(1, 48000)
        self.count += 1
        return frame


class Received:
    """What comes on the tracks of the program."""

    def __init__(self):
        self.counts = {"video": 0, "audio": 0}
        self.tasks = []
        self.size, self.mean, self.loudest = None, None, 0

    def listen(self, track):
        self.tasks.append(asyncio.ensure_future(self.receive(track)))

    async def receive(self, track):
        while True:
            try:
                frame = await track.recv()
            except aiortc.mediastreams.MediaStreamError:
                return
            self.counts[track.kind] += 1
            if track.kind == "audio":
                samples = struct.unpack(f"<{len(bytes(frame.planes[0])) // 2}h", bytes(frame.planes[0]))
                self.loudest = max(self.loudest, *map(abs, samples))
            elif self.counts["video"] == 30:
                self.size, self.mean = [frame.width, frame.height], [
                    round(sum(bytes(plane)) / plane.buffer_size, 1) for plane in frame.planes]


class Relay:
    """Stands between the two, and loses some of what passes."""

    class Side(asyncio.DatagramProtocol):
        def __init__(self, loss, seed):
            self.loss, self.dice = loss, random.Random(seed)
            self.other, self.target = None, None
            self.passed, self.dropped = 0, 0

        def connection_made(self, transport):
            self.transport = transport
            self.port = transport.get_extra_info("sockname")[1]

        def datagram_received(self, data, address):
            if self.dice.random() < self.loss:
                self.dropped += 1
            elif self.other.target:
                self.passed += 1
                self.other.transport.sendto(data, self.other.target)

    async def open(self, loss, seed):
        loop = asyncio.get_running_loop()
        self.sides = []
        for number in range(2):
            _, side = await loop.create_datagram_endpoint(
                lambda: Relay.Side(loss, seed * 2 + number), local_addr=("127.0.0.1", 0))
            self.sides.append(side)
        self.sides[0].other, self.sides[1].other = self.sides[1], self.sides[0]
        return self

    def through(self, text, sender):
        """What `sender` says, with its side's place replaced by that which faces the other."""
        def replace(match):
            check(match[2] == "127.0.0.1", f"candidates are of this machine alone: {match[0]}")
            self.sides[sender].target = ("127.0.0.1", int(match[3]))
            return f"{match[1]}{match[2]} {self.sides[1 - sender].port}"
        return re.sub(r"(candidate:\S+ \d+ udp \d+ )(\S+) (\d+)", replace, text, flags=re.IGNORECASE)


def chosen_at_random(sdp):
    """What a description says that nobody may be able to guess."""
    patterns = {
        "session": r"^o=\S+ (\d+)", "ufrag": r"^a=ice-ufrag:(\S+)", "pwd": r"^a=ice-pwd:(\S+)",
        "fingerprint": r"^a=fingerprint:(.+?)\r?$", "ssrc": r"^a=ssrc:(\d+)", "cname": r"^a=ssrc:\d+ cname:(\S+)"}
    return {name: sorted(set(re.findall(pattern, sdp, flags=re.MULTILINE))) for name, pattern in patterns.items()}


def data_messages(count):
    dice = random.Random(1)
    odd = ["a text, with an ö and an 🙂", "", b""]
    return odd + [dice.randbytes(dice.choice([1, 100, 1000, 3000])) for _ in range(count - len(odd))]


async def echo(channel, count):
    """Sends messages and compares what comes back, in their order."""
    sent, received = data_messages(count), []
    done = asyncio.get_running_loop().create_future()

    @channel.on("message")
    def on_message(message):
        received.append(message)
        if len(received) == len(sent) and not done.done():
            done.set_result(None)

    opened = asyncio.get_running_loop().create_future()
    if channel.readyState == "open":
        opened.set_result(None)
    else:
        channel.on("open", lambda: opened.set_result(None))
    await asyncio.wait_for(opened, 20)
    begin = time.monotonic()
    for message in sent:
        channel.send(message)
    try:
        await asyncio.wait_for(done, 40)
    except asyncio.TimeoutError:
        pass
    check(received == sent, f"each message comes back: {len(received)} of {len(sent)}")
    return {"count": len(received), "bytes": sum(map(len, received)), "seconds": round(time.monotonic() - begin, 3)}


async def call(arguments):
    url = arguments.url.replace("http:", "ws:").rstrip("/") + "/signaling"
    received, summary = Received(), {}
    relay = await Relay().open(arguments.loss, arguments.seed) if arguments.loss else None
    loop = asyncio.get_running_loop()
    connected, channel = loop.create_future(), loop.create_future()
    connection = None

    def connect(servers):
        nonlocal connection
        policy = aiortc.RTCIceTransportPolicy.RELAY if arguments.relayed else aiortc.RTCIceTransportPolicy.ALL
        # An empty list is said, too: without one, aiortc asks a public server.
        connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(
            iceServers=[aiortc.RTCIceServer(**one) for one in servers], iceTransportPolicy=policy,
            bundlePolicy=aiortc.RTCBundlePolicy.MAX_BUNDLE))
        connection.on("track", received.listen)
        connection.on("datachannel", channel.set_result)

        @connection.on("connectionstatechange")
        def on_state():
            if connection.connectionState == "connected" and not connected.done():
                connected.set_result(None)

    def add_media():
        if not arguments.data_only:
            connection.addTrack(Tone())
            connection.addTrack(Picture())

    async with websockets.connect(url) as socket:
        async def send_local():
            description = connection.localDescription
            sdp = relay.through(description.sdp, 0) if relay else description.sdp
            await socket.send(json.dumps({"type": description.type, "sdp": sdp}))

        async def signal():
            async for text in socket:
                message = json.loads(text)
                kind = message["type"]
                if kind == "ready":
                    connect(message["iceServers"])
                    summary["offerer"] = "aiortc" if message["role"] == "page" else "rtcsim"
                    if message["role"] == "page":
                        add_media()
                        channel.set_result(connection.createDataChannel("echo"))
                        await connection.setLocalDescription(await connection.createOffer())
                        await send_local()
                elif kind in ("offer", "answer"):
                    summary["sections"] = re.findall(r"^m=(\w+)", message["sdp"], flags=re.MULTILINE)
                    summary["random"] = chosen_at_random(message["sdp"])
                    await connection.setRemoteDescription(aiortc.RTCSessionDescription(message["sdp"], kind))
                    if kind == "offer":
                        add_media()
                        await connection.setLocalDescription(await connection.createAnswer())
                        await send_local()
                elif kind == "candidate" and message["candidate"]:
                    line = relay.through(message["candidate"], 1) if relay else message["candidate"]
                    candidate = aiortc.sdp.candidate_from_sdp(line.removeprefix("candidate:"))
                    candidate.sdpMid, candidate.sdpMLineIndex = message["sdpMid"], message["sdpMLineIndex"]
                    await connection.addIceCandidate(candidate)
                elif kind == "bye":
                    raise AssertionError(f"the program said goodbye: {message}")

        async def talk():
            await asyncio.wait_for(connected, 20)
            summary["echo"] = await echo(await asyncio.wait_for(channel, 20), arguments.messages)
            # Nothing else tells the tag that the program chose (RFC 9260 §5.3.1).
            summary["random"]["sctpTag"] = [str(connection.sctp._remote_verification_tag)]
            if not arguments.data_only:
                await asyncio.sleep(arguments.seconds)
                summary.update(received=dict(received.counts), size=received.size, mean=received.mean,
                               loudest=received.loudest)
                report = await connection.getStats()
                summary["lost"] = {
                    one.kind: one.packetsLost for one in report.values() if one.type == "inbound-rtp"}
            await socket.send(json.dumps({"type": "bye", "reason": "done"}))

        signaling, talking = asyncio.ensure_future(signal()), asyncio.ensure_future(talk())
        await asyncio.wait([signaling, talking], return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            signaling.cancel()
            talking.result()
        else:
            talking.cancel()
            signaling.result()
            raise AssertionError("the program closed the WebSocket")
    await connection.close()
    if relay:
        summary["relay"] = [{"passed": side.passed, "dropped": side.dropped} for side in relay.sides]
    return summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--data-only", action="store_true")
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--loss", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--relayed", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps(asyncio.run(asyncio.wait_for(call(arguments), 100))))


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, asyncio.TimeoutError) as error:
        sys.exit(f"call_aiortc.py: {error or 'it took too long'}")
