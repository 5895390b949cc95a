// getStats(), as figures for tests and as rows for people.

/** The figures that matter, of the first stream of each kind and direction. */
export async function readStats(connection) {
  const figures = {};
  const report = await connection.getStats();
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp" || entry.type === "outbound-rtp") {
      figures[`${entry.type === "inbound-rtp" ? "in" : "out"}-${entry.kind}`] ??= entry;
    }
    if (entry.type === "transport") {
      figures.transport = entry;
      const pair = report.get(entry.selectedCandidatePairId);
      if (pair) {
        figures.pair = { ...pair, local: report.get(pair.localCandidateId), remote: report.get(pair.remoteCandidateId) };
      }
    }
  }
  return figures;
}

/** Rows of name and value; rates are over the time since `before`. */
export function statsRows(now, before) {
  const rows = [];
  for (const [key, title] of [["in-video", "Pictures in"], ["in-audio", "Sound in"], ["out-video", "Pictures out"], ["out-audio", "Sound out"]]) {
    const entry = now[key];
    if (!entry) continue;
    rows.push([`${title}, bitrate`, bitrate(entry, before?.[key])]);
    if (entry.frameWidth) rows.push([`${title}, size`, `${entry.frameWidth}×${entry.frameHeight} at ${Math.round(entry.framesPerSecond ?? 0)}/s`]);
    if (key === "in-video") rows.push(["Pictures decoded (framesDecoded)", entry.framesDecoded]);
    if (key === "in-audio") rows.push(["Sound energy (totalAudioEnergy)", (entry.totalAudioEnergy ?? 0).toFixed(3)]);
    if (entry.packetsLost !== undefined) rows.push([`${title}, packets lost`, entry.packetsLost]);
  }
  if (now.pair) {
    rows.push(["Path", `${now.pair.local?.candidateType ?? "?"} → ${now.pair.remote?.candidateType ?? "?"}`]);
    rows.push(["Round trip", now.pair.currentRoundTripTime === undefined ? "–" : `${(now.pair.currentRoundTripTime * 1000).toFixed(1)} ms`]);
  }
  if (now.transport?.srtpCipher) {
    rows.push(["DTLS", `${now.transport.tlsVersion === "FEFD" ? "1.2" : now.transport.tlsVersion}, ${now.transport.dtlsCipher}`]);
    rows.push(["SRTP", now.transport.srtpCipher]);
  }
  return rows;
}

function bitrate(entry, before) {
  if (!before || before.id !== entry.id) return "–";
  const bytes = (entry.bytesReceived ?? entry.bytesSent) - (before.bytesReceived ?? before.bytesSent);
  return `${((bytes * 8) / (entry.timestamp - before.timestamp)).toFixed(0)} kbit/s`;
}
