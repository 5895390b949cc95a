#!/usr/bin/env python3
"""Decrypts the SRTP and SRTCP of captures with the keys that `rtcsim run --pcap DIR --keys FILE` wrote.

    decrypt_capture.py KEYS CAPTURE.pcapng...

Prints one JSON object: for each capture, how many packets of both kinds there are, how many were decrypted, and the
RTP packets by SSRC. It shares no code with the simulator: the capture is read here, libsrtp2 comes with pylibsrtp.
"""
import collections
import json
import pathlib
import struct
import sys

import pylibsrtp

PROFILES = {
    "SRTP_AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "SRTP_AES128_CM_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}


def read_sessions(path):
    """A session for each sender, and which one an SSRC belongs to."""
    by_key, by_ssrc = {}, {}
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("#"):
            continue
        _node, _peer, direction, profile, key, salt, ssrcs = line.split()
        if direction != "send":
            continue
        policy = pylibsrtp.Policy(
            key=bytes.fromhex(key + salt),
            ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND,
            srtp_profile=PROFILES[profile],
        )
        by_key[key] = pylibsrtp.Session(policy)
        for ssrc in ssrcs.split(","):
            by_ssrc[int(ssrc, 16)] = by_key[key]
    return list(by_key.values()), by_ssrc


def ip_packets(path):
    """The packets of a little-endian pcapng file of raw IP (link type 101)."""
    data = pathlib.Path(path).read_bytes()
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from("<II", data, offset)
        if kind == 1:
            assert struct.unpack_from("<H", data, offset + 8) == (101,), "link type"
        if kind == 6:
            captured, original = struct.unpack_from("<II", data, offset + 20)
            assert captured == original, "a packet was cut"
            yield data[offset + 28 : offset + 28 + captured]
        offset += length


def udp_payload(packet):
    header = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
    return packet[header + 8 :]


def is_media(payload):
    """RFC 7983: what begins with 128 to 191 is RTP or RTCP."""
    return len(payload) >= 12 and 128 <= payload[0] <= 191


def is_rtcp(payload):
    """RFC 5761: the payload types 64 to 95 are left to RTCP."""
    return 192 <= payload[1] <= 223


def is_decrypted(sessions, packet):
    for session in sessions:
        try:
            (session.unprotect_rtcp if is_rtcp(packet) else session.unprotect)(packet)
            return True
        except pylibsrtp.Error:
            pass
    return False


def decrypt(key_file, path):
    # Sessions remember what they have seen, so every capture has its own.
    everybody, by_ssrc = read_sessions(key_file)
    counts = dict.fromkeys(["rtp", "rtpDecrypted", "rtcp", "rtcpDecrypted"], 0)
    sources = collections.Counter()
    for packet in filter(is_media, map(udp_payload, ip_packets(path))):
        kind = "rtcp" if is_rtcp(packet) else "rtp"
        (ssrc,) = struct.unpack_from("!I", packet, 4 if kind == "rtcp" else 8)
        if kind == "rtp":
            sources[ssrc] += 1
        # Feedback comes from an SSRC that sends no media: its key is the one that authenticates it.
        candidates = [by_ssrc[ssrc]] if ssrc in by_ssrc else everybody if kind == "rtcp" else []
        counts[kind] += 1
        counts[kind + "Decrypted"] += is_decrypted(candidates, packet)
    return counts | {"rtpBySSRC": sources}


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print(json.dumps({pathlib.Path(path).stem: decrypt(sys.argv[1], path) for path in sys.argv[2:]}))
