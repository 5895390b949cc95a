// The call: media, connection, signaling, and what is shown of them.

import { append, element, find } from "./dom.js";
import { showEcho } from "./echo.js";
import { drawnTrack, openMedia, simulcastSize } from "./media.js";
import { openSignaling } from "./signaling.js";
import { readStats, statsRows } from "./stats.js";

const query = new URLSearchParams(location.search);
const begin = performance.now();

/** What tests look at. */
const shown = { states: {}, signals: [], errors: [], stats: {}, connection: null, echo: null, call, hangUp, colour };
window.rtcsim = shown;
window.addEventListener("error", (event) => shown.errors.push(String(event.message)));
window.addEventListener("unhandledrejection", (event) => shown.errors.push(String(event.reason)));

let signaling = null;
let media = null;
let timer = null;
let isMakingOffer = false;
let ignoresOffer = false;

function tell(text, kind = "") {
  find("outcome").textContent = text;
  find("outcome").className = kind;
}

function log(direction, message) {
  shown.signals.push({ direction, message });
  const line = element("li");
  line.append(element("time", `${((performance.now() - begin) / 1000).toFixed(3)} s`), `${direction === "sent" ? "→" : "←"} `);
  if (message.sdp) {
    const details = element("details");
    details.style.display = "inline-block";
    details.append(element("summary", `${message.type}, ${message.sdp.length} bytes`), element("pre", message.sdp));
    line.append(details);
  } else {
    line.append(message.type === "candidate" ? message.candidate || "end of candidates" : JSON.stringify(message));
  }
  append(find("signals"), line);
}

function send(message) {
  log("sent", message);
  signaling?.send(message);
}

function showStates(connection) {
  shown.states = {
    signaling: connection.signalingState, gathering: connection.iceGatheringState,
    ice: connection.iceConnectionState, connection: connection.connectionState,
  };
  find("states").replaceChildren(...Object.entries(shown.states).flatMap(([name, state]) => [
    element("dt", name),
    element("dd", state, state === "connected" || state === "completed" ? "good" : state === "failed" ? "bad" : ""),
  ]));
  if (connection.connectionState === "connected") tell("Connected.", "good");
  if (connection.connectionState === "failed") tell("The connection failed.", "bad");
}

function makeConnection(iceServers) {
  const connection = new RTCPeerConnection({ iceServers });
  shown.connection = connection;
  for (const name of ["signalingstatechange", "icegatheringstatechange", "iceconnectionstatechange", "connectionstatechange"]) {
    connection.addEventListener(name, () => showStates(connection));
  }
  connection.onicecandidate = ({ candidate }) => {
    send({ type: "candidate", ...(candidate?.toJSON() ?? { candidate: "" }) });
  };
  connection.ontrack = ({ track, streams }) => {
    if (!find("remote").srcObject) find("remote").srcObject = streams[0] ?? new MediaStream([track]);
  };
  connection.ondatachannel = ({ channel }) => { shown.echo = showEcho(channel); };
  connection.onnegotiationneeded = () => offer(connection);
  showStates(connection);
  return connection;
}

async function offer(connection) {
  isMakingOffer = true;
  try {
    await connection.setLocalDescription();
    send({ type: connection.localDescription.type, sdp: connection.localDescription.sdp });
  } finally {
    isMakingOffer = false;
  }
}

/** The same picture in a quarter, half and the whole of its size. */
const encodings = [{ rid: "q", scaleResolutionDownBy: 4 }, { rid: "h", scaleResolutionDownBy: 2 }, { rid: "f" }];

function addMedia(connection, isOffering) {
  for (const track of media.stream.getTracks()) {
    if (isOffering && track.kind === "video" && query.has("simulcast")) {
      connection.addTransceiver(track, { streams: [media.stream], sendEncodings: encodings });
    } else {
      connection.addTrack(track, media.stream);
    }
  }
}

/** The program gives way when both offer at once, so that this page need not. */
async function receive(message) {
  log("received", message);
  const connection = shown.connection;
  switch (message.type) {
    case "ready":
      makeConnection(message.iceServers);
      if (message.role === "page") {
        addMedia(shown.connection, true);
        shown.echo = showEcho(shown.connection.createDataChannel("echo"));
      }
      return;
    case "offer": {
      ignoresOffer = isMakingOffer || connection.signalingState !== "stable";
      if (ignoresOffer) return;
      await connection.setRemoteDescription(message);
      // A first offer's transceivers take the tracks.
      if (connection.getSenders().every((sender) => !sender.track)) addMedia(connection, false);
      await connection.setLocalDescription();
      send({ type: "answer", sdp: connection.localDescription.sdp });
      return;
    }
    case "answer": return connection.setRemoteDescription(message);
    case "candidate":
      try {
        await connection.addIceCandidate(message);
      } catch (error) {
        if (!ignoresOffer) throw error;
      }
      return;
    case "bye": return end(message.reason ?? "The program said goodbye.");
  }
}

function setButtons(isCalling) {
  find("call").disabled = isCalling;
  for (const id of ["hang-up", "sound", "restart", "add-track"]) find(id).disabled = !isCalling;
}

async function call() {
  setButtons(true);
  tell("Asking for camera and microphone …");
  media = query.has("data") ? { stream: new MediaStream(), name: "nothing" } : await openMedia(query.has("synthetic"), query.has("simulcast") ? simulcastSize : undefined);
  // An element that waits for its first picture delays the page's load event.
  if (media.stream.active) find("local").srcObject = media.stream;
  find("local-name").textContent = `From this page: ${media.name}`;
  tell("Connecting …");
  // One message after the other: each waits for what the one before has begun.
  let last = Promise.resolve();
  signaling = openSignaling({
    received: (message) => {
      last = last.then(() => receive(message)).catch((error) => {
        shown.errors.push(String(error));
        end(String(error));
      });
    },
    closed: (reason) => end(reason),
  });
  timer = setInterval(showStats, 1000);
}

async function showStats() {
  if (!shown.connection) return;
  const figures = await readStats(shown.connection);
  find("stats").tBodies[0].replaceChildren(...statsRows(figures, shown.stats).map(([name, value]) => {
    const row = element("tr");
    row.append(element("td", name), element("td", String(value)));
    return row;
  }));
  shown.stats = figures;
}

function end(reason) {
  if (!signaling) return;
  tell(`The call is over: ${reason}`);
  clearInterval(timer);
  signaling.close();
  signaling = null;
  shown.connection?.close();
  if (shown.connection) showStates(shown.connection);
  media?.stream.getTracks().forEach((track) => track.stop());
  find("remote").srcObject = null;
  setButtons(false);
}

function hangUp() {
  send({ type: "bye", reason: "hung up" });
  end("hung up");
}

/** The mean colour of the picture that is shown, and its size; for tests. */
function colour() {
  const video = find("remote");
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 36 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 64, 36);
  const { data } = pen.getImageData(0, 0, 64, 36);
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let place = channel; place < data.length; place += 4) sum += data[place];
    return Math.round(sum / (data.length / 4));
  });
  return { mean, width: video.videoWidth, height: video.videoHeight };
}

find("call").onclick = call;
find("hang-up").onclick = hangUp;
find("sound").onclick = () => {
  find("remote").muted = !find("remote").muted;
  find("sound").setAttribute("aria-pressed", String(!find("remote").muted));
};
find("restart").onclick = () => shown.connection?.restartIce();
find("add-track").onclick = () => shown.connection?.addTrack(drawnTrack(), media.stream);
if (query.has("auto")) call();
