// The data channel: what is sent comes back.

import { append, element, find } from "./dom.js";

/** Shows a channel on which everything comes back; gives what tests use. */
export function showEcho(channel) {
  channel.binaryType = "arraybuffer";
  const echo = { channel, received: [], receivedBytes: 0 };
  const setOpen = (isOpen) => { for (const id of ["echo-text", "echo-send"]) find(id).disabled = !isOpen; };
  channel.onopen = () => {
    setOpen(true);
    find("echo-state").textContent = "Open: texts come back.";
  };
  channel.onclose = () => {
    setOpen(false);
    find("echo-state").textContent = "Closed.";
  };
  channel.onmessage = (event) => {
    const isText = typeof event.data === "string";
    echo.receivedBytes += isText ? event.data.length : event.data.byteLength;
    echo.received.push(event.data);
    if (echo.received.length > 200) echo.received.shift();
    append(find("echoes"), element("li", isText ? `back: ${event.data.slice(0, 200)}` : `back: ${event.data.byteLength} bytes`));
  };
  find("echo-form").onsubmit = (event) => {
    event.preventDefault();
    const text = find("echo-text").value;
    if (channel.readyState === "open") channel.send(text);
    find("echo-text").value = "";
  };
  return echo;
}
