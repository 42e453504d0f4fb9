// Follows an order: asks for this page again and swaps what has changed, but never what somebody is at.
"use strict";

const FIRST_WAIT = 700;
const PATIENCE = 5000; // a network that has gone quiet says nothing, and the next look waits for this one
const LONGEST_WAIT = 300000; // packing takes hours, a refund days: then a look in five minutes is plenty
const FINAL = new Set(["SHIPPED", "PAYMENT_FAILED", "REFUNDED"]);

const shown = document.getElementById("order");
let wait = FIRST_WAIT;
let timer;

function show(page) {
  const [fresh, progress, cancel] = [page.getElementById("order"), ...["progress", "cancel"].map((id) => document.getElementById(id))];
  if (!fresh) {
    return;
  }
  const lost = [progress, page.getElementById("cancel") ? null : cancel].some((part) => part?.contains(document.activeElement));
  progress.replaceChildren(...page.getElementById("progress").childNodes);
  if (!page.getElementById("cancel")) {
    cancel?.remove();
  }
  shown.dataset.status = fresh.dataset.status;
  wait = FIRST_WAIT;
  if (lost) {
    shown.focus();
  }
}

function ask(address, options = {}) {
  return fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });
}

async function look() {
  try {
    const answer = await ask(`/api${location.pathname}`, { headers: { Accept: "application/json" } });
    if (answer.ok && (await answer.json()).status !== shown.dataset.status) {
      show(new DOMParser().parseFromString(await (await ask(location.pathname)).text(), "text/html"));
    }
  } catch {
    // Off-line for a moment: the next look comes anyway.
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (!document.hidden && !FINAL.has(shown.dataset.status)) {
    timer = setTimeout(look, wait);
    wait = Math.min(wait * 1.3, LONGEST_WAIT);
  }
}

document.addEventListener("visibilitychange", () => {
  wait = FIRST_WAIT;
  plan();
});
plan();
