"""The other end of SRTP: libsrtp2 in a process of its own, by pylibsrtp.

Usage: srtp_peer.py FILE

FILE is JSON: the profile, both master keys with their salts, packets that were protected with the first and plain packets
to protect with the second, all in hexadecimal. Prints JSON with the former in plain and the latter protected.
"""

import json
import pathlib
import sys

import pylibsrtp

PROFILES = {
    "SRTP_AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "SRTP_AES128_CM_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}


def session(task, key, direction):
    return pylibsrtp.Session(pylibsrtp.Policy(
        key=bytes.fromhex(task[key]), ssrc_type=direction, srtp_profile=PROFILES[task["profile"]]))


def main(path):
    task = json.loads(pathlib.Path(path).read_text())
    inbound = session(task, "theirKey", pylibsrtp.Policy.SSRC_ANY_INBOUND)
    outbound = session(task, "ourKey", pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    print(json.dumps({
        "rtp": [inbound.unprotect(bytes.fromhex(one)).hex() for one in task["protectedRTP"]],
        "rtcp": [inbound.unprotect_rtcp(bytes.fromhex(one)).hex() for one in task["protectedRTCP"]],
        "protectedRTP": [outbound.protect(bytes.fromhex(one)).hex() for one in task["rtp"]],
        "protectedRTCP": [outbound.protect_rtcp(bytes.fromhex(one)).hex() for one in task["rtcp"]],
    }))


main(sys.argv[1])
