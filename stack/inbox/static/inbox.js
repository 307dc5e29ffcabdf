// Shows news without a hand on the phone, and says so when the inbox itself is gone. Without JavaScript the page refreshes itself.
"use strict";
const inbox = document.getElementById("inbox");
const stale = document.getElementById("stale");
const loaded = Date.now();

function isReading() {
  return String(getSelection()) !== "" || document.querySelector("details[open]") !== null;
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function look() {
  try {
    const [news, beats] = await Promise.all([ask(`/api/notifications?after=${inbox.dataset.last}`), ask("/api/heartbeats")]);
    stale.hidden = true;
    const silent = beats.heartbeats.filter((beat) => beat.silent).map((beat) => beat.name).sort().join(" ");
    const changed = news.notifications.length > 0 || silent !== inbox.dataset.silent;
    const old = Date.now() - loaded > 60000;
    if (changed || (old && !isReading())) location.reload();
  } catch {
    stale.hidden = false;
  }
}

setInterval(look, 5000);
