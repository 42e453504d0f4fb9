// Follows an order: asks for this page again and swaps the part that shows the status.
"use strict";

const FIRST_WAIT = 700;
const LONGEST_WAIT = 15000;
const FINAL = new Set(["SHIPPED", "PAYMENT_FAILED", "CANCELLED", "RETURNED", "REFUNDED"]);

async function look(wait) {
  const shown = document.getElementById("order");
  let next = Math.min(wait * 1.3, LONGEST_WAIT);
  try {
    const answer = await fetch(`/api${location.pathname}`, { headers: { Accept: "application/json" } });
    if (answer.ok && (await answer.json()).status !== shown.dataset.status) {
      const page = await (await fetch(location.pathname)).text();
      const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("order");
      if (fresh) {
        shown.replaceChildren(...fresh.childNodes);
        shown.dataset.status = fresh.dataset.status;
        next = FIRST_WAIT;
      }
    }
  } catch {
    // Off-line for a moment: the next look comes anyway.
  }
  if (!FINAL.has(shown.dataset.status)) {
    setTimeout(look, next, next);
  }
}

setTimeout(look, FIRST_WAIT, FIRST_WAIT);
