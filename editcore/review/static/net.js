// Talking to the server: JSON both ways, the token on every POST, errors as two kinds.

/** The server said no, in a sentence for people; asking again would not help. */
export class Refused extends Error {
  constructor(status, answer) {
    super(answer.detail || `The server refused (${status}).`);
    this.status = status;
    this.rows = answer.rows ?? [];
    this.heldBy = answer.held_by ?? null;
  }
}

/** Nothing came back that settles it: no network, a gateway's error, a sign-in page. Ask again later. */
export class Unreachable extends Error {}

const LONGEST_MS = 30000;
const AGAIN_LATER = new Set([401, 408, 425, 429]);
let token = "";

export function useToken(value) {
  token = value;
}

export function get(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return ask(text ? `${path}?${text}` : path, {});
}

export function post(path, body) {
  const headers = { "Content-Type": "application/json", "X-Vitrine-Token": token };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function ask(path, options) {
  let response, answer;
  try {
    response = await fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS) });
    answer = await response.json();
  } catch {
    throw new Unreachable(response?.status === 401 ? SIGNED_OUT : "The server does not answer.");
  }
  if (response.ok) return answer;
  if (response.status === 401) throw new Unreachable(SIGNED_OUT);
  const said = typeof answer.detail === "string" ? answer.detail : "";
  if (response.status >= 500 || AGAIN_LATER.has(response.status)) {
    throw new Unreachable(said || "The server does not answer.");
  }
  const detail = said || "The server did not understand this page.";
  throw new Refused(response.status, { ...answer, detail });
}

const SIGNED_OUT = "You are signed out. Sign in again in another tab; this one goes on by itself.";

/** 32 hexadecimal digits, a version 4 UUID. `crypto.randomUUID` is missing on plain-http hosts. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
