"""Writes the vectors of Tests/Vectors as inputs of the fuzz target: python3 Benchmarks/Fuzz/corpus.py FOLDER"""
import json
import pathlib
import sys

PARSERS = {0: "rtp/generated.json", 2: "rtp/payload*.json", 3: "rtcp/*.json", 4: "stun/*.json", 6: "sdp/*.json"}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
vectors = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Vectors"
for parser, pattern in PARSERS.items():
    for file in vectors.glob(pattern):
        for index, vector in enumerate(json.loads(file.read_text()).get("vectors", [])):
            hex_text = vector.get("hex") or vector.get("payload_hex") or ""
            data = bytes.fromhex(hex_text) or vector.get("sdp", "").encode()
            (folder / f"{parser}-{file.stem}-{index}").write_bytes(bytes([parser]) + data)
