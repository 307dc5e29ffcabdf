// Shows news without a hand on the phone, and says so when the inbox itself is gone. Without JavaScript the page refreshes itself.
"use strict";
const inbox = document.getElementById("inbox");
const stale = document.getElementById("stale");
const loaded = Date.now();

function isReading() {
  return String(getSelection()) !== "" || document.querySelector("details[open]") !== null;
}

async function look() {
  try {
    const answer = await fetch(`/api/notifications?after=${inbox.dataset.last}`, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const news = await answer.json();
    stale.hidden = true;
    const old = Date.now() - loaded > 60000;
    if (news.notifications.length > 0 || (old && !isReading())) location.reload();
  } catch {
    stale.hidden = false;
  }
}

setInterval(look, 5000);
