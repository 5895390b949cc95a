// The WebSocket to the program; index.html describes its messages.

/**
 * Opens the signaling channel.
 *
 * @param received is given each message.
 * @param closed is told why the channel ended, once.
 */
export function openSignaling({ received, closed }) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/signaling`);
  socket.onmessage = (event) => received(JSON.parse(event.data));
  socket.onclose = (event) => closed(event.reason || (event.wasClean ? "the program closed" : "the program is not there"));
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    close() {
      socket.onclose = null;
      socket.close(1000);
    },
  };
}
