// Approving everything that the filter shows: one question, one decision.

import { confirmed, say } from "./dom.js";
import { get } from "./net.js";

export async function approveAll(filter, outbox, decisions) {
  const opened = performance.now();
  try {
    await outbox.idle(); // the server has to have seen what is decided already
    const answer = await get("/queue", { ...filter, order: "risk", offset: 0, limit: 1 });
    const [worst] = answer.rows;
    if (!worst) return say("There is nothing left to approve.");
    const title = answer.total === 1 ? "Approve the one picture shown?" : `Approve all ${answer.total} pictures shown?`;
    const lines = [
      `The one with the highest risk is ${worst.sku}: ${worst.reason}`,
      "It is one decision, and Undo takes it back.",
    ];
    if (!await confirmed(title, lines, `Approve ${answer.total}`)) return;
    decisions.approveAll(filter, answer, Math.round((performance.now() - opened) / 100) / 10);
  } catch (error) {
    say(error.message, true);
  }
}
