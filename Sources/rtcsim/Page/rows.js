// This module decides where everything stands in the ladder: one row for each moment, evenly spaced, whatever the time between.

const longPause = 100;

/** A moment this near to a message's departure is the one that sends it. */
const sameTime = 5;

/** Where a message ends: its receiver, or the lane that dropped it. */
export const endLane = (message) => message.dropped?.lane ?? message.to;

const endTime = (message) => message.dropped?.ms ?? message.arrivedMs ?? message.sentMs;

/**
 * Rows for moments, and for messages that no moment of their sender announces.
 *
 * Messages run from row to row, or to a place between rows where nothing tells of their arrival.
 */
export function arrange(history, sizes) {
  const { moments, messages } = history;
  const { rowHeight } = sizes;
  const sending = new Map();
  const arriving = new Map();
  for (const moment of moments) {
    const message = messages[moment.message ?? -1];
    if (!message) continue;
    const isSend = message.moment === moment.number && moment.lane === message.from
      && Math.abs(moment.timeMs - message.sentMs) < sameTime;
    if (isSend) sending.set(message.number, moment.number);
    const isArrival = !isSend && moment.lane === endLane(message);
    if (isArrival && !arriving.has(message.number)) arriving.set(message.number, moment.number);
  }
  const rows = moments.map((moment) => ({ time: moment.timeMs, moment, message: null }));
  for (const message of messages) {
    if (!sending.has(message.number)) insert(rows, message, arriving.get(message.number));
  }
  for (const row of rows) {
    const message = row.moment && messages[row.moment.message ?? -1];
    if (!message) continue;
    if (sending.get(message.number) === row.moment.number) row.sent = message;
    row.isArrival = arriving.get(message.number) === row.moment.number;
    row.isDrop = row.isArrival && Boolean(message.dropped);
  }
  const height = place(rows, sizes);
  const rowOfMoment = new Map();
  const rowOfMessage = new Map();
  rows.forEach((row, index) => {
    if (row.moment) rowOfMoment.set(row.moment.number, index);
    else rowOfMessage.set(row.message.number, index);
  });
  const arrows = messages.map((message) => {
    const from = rowOfMessage.get(message.number) ?? rowOfMoment.get(sending.get(message.number));
    const to = rowOfMoment.get(arriving.get(message.number));
    const y1 = rows[from].y;
    const y2 = to > from ? rows[to].y : Math.max(y1 + rowHeight * 0.35, heightOf(endTime(message), rows, rowHeight));
    const end = to > from ? to : lastBefore(endTime(message), rows) + 1;
    return { message, from, to: Math.max(from, end), y1, y2, isArrival: to > from };
  });
  return { rows, arrows, height, rowOfMoment };
}

/** Puts a message behind all that is not later, but before the moment of its arrival; moments keep their order. */
function insert(rows, message, arrival) {
  const index = rows.findIndex((row) => row.time > message.sentMs || (row.moment && row.moment.number === arrival));
  rows.splice(index < 0 ? rows.length : index, 0, { time: message.sentMs, moment: null, message });
}

/** Gives each row its height; a long pause takes some room and is named, and so may an arrival. */
function place(rows, { rowHeight, pauseHeight, arrivalHeight }) {
  let y = rowHeight * 0.8;
  rows.forEach((row, index) => {
    const pause = index === 0 ? 0 : row.time - rows[index - 1].time;
    if (pause >= longPause) {
      row.pause = pause;
      y += pauseHeight;
    }
    row.y = y;
    y += rowHeight + (row.isArrival ? arrivalHeight : 0);
  });
  return y + rowHeight;
}

/** The last row that is earlier: an arrival comes before all that it may have caused at the same time. */
function lastBefore(time, rows) {
  let found = 0;
  for (let index = 0; index < rows.length && rows[index].time < time; index += 1) found = index;
  return found;
}

function heightOf(time, rows, rowHeight) {
  const index = lastBefore(time, rows);
  const [row, next] = [rows[index], rows[index + 1]];
  if (!next) return row.y + rowHeight / 2;
  const share = Math.min(0.7, Math.max(0.3, (time - row.time) / (next.time - row.time)));
  return row.y + (next.y - row.y) * share;
}
