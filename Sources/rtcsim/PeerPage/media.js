// What the page sends: camera and microphone, or a drawn picture and a tone.

export const usualSize = { width: 640, height: 360 };
/** Large enough for Chromium to send three sizes of it. */
export const simulcastSize = { width: 1280, height: 720 };

/** Camera and microphone where they are there and allowed; otherwise the synthetic source, and why. */
export async function openMedia(isSynthetic, size = usualSize) {
  if (isSynthetic) return { stream: synthetic(size), name: "a drawn picture and a tone" };
  if (!navigator.mediaDevices) {
    return { stream: synthetic(size), name: "a drawn picture and a tone: this page is not from this machine" };
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { ...size, frameRate: 30 } });
    return { stream, name: "camera and microphone" };
  } catch (error) {
    return { stream: synthetic(size), name: `a drawn picture and a tone: ${error.name}` };
  }
}

/** A further picture, for a track that is added in the middle of a call. */
export function drawnTrack(hue = 120, size = usualSize) {
  const canvas = Object.assign(document.createElement("canvas"), size);
  const pen = canvas.getContext("2d");
  const track = canvas.captureStream(30).getVideoTracks()[0];
  const begin = performance.now();
  const timer = setInterval(() => {
    if (track.readyState === "ended") return clearInterval(timer);
    draw(pen, (performance.now() - begin) / 1000, hue);
  }, 1000 / 30);
  return track;
}

function draw(pen, seconds, hue) {
  const { width, height } = pen.canvas;
  const sky = pen.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, `hsl(${hue} 60% 30%)`);
  sky.addColorStop(1, `hsl(${hue + 60} 60% 55%)`);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#fff";
  pen.beginPath();
  pen.arc(width / 2 + Math.sin(seconds * 2) * width / 3, height / 2 + Math.cos(seconds * 3) * height / 4, 36, 0, 7);
  pen.fill();
  pen.font = "600 28px monospace";
  pen.fillText(seconds.toFixed(1), 20, 44);
}

function synthetic(size) {
  const context = new AudioContext();
  const [tone, volume, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
  tone.frequency.value = 440;
  volume.gain.value = 0.2;
  tone.connect(volume).connect(out);
  tone.start();
  return new MediaStream([...out.stream.getAudioTracks(), drawnTrack(210, size)]);
}
