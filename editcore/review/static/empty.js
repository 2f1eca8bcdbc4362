// What the stage says when it has no picture to show.

import { $, el, plural } from "./dom.js";

const NOTHING = {
  waiting: "Nothing waits for you.",
  checks: "No spot checks are left.",
  decided: "Nothing is decided yet.",
};

export function empty(line) {
  const place = $("empty");
  place.hidden = Boolean(line.current);
  if (line.current) return;
  const [title, ...more] = words(line);
  place.replaceChildren(el("strong", {}, title), ...more.map((text) => el("span", {}, text)));
}

function words(line) {
  const { view, recipe, find } = line.filter;
  if (line.state === "loading") return ["Loading …"];
  if (line.state === "unreachable") return [line.trouble, "Trying again by itself."];
  if (line.state === "empty") return ["No night has been delivered here yet.", "This page shows it as soon as it is there."];
  const held = line.items.filter((item) => !item.decision && !line.free(item));
  if (held.length) {
    const who = [...new Set(held.map(({ row }) => row.held_by))].join(", ");
    const lies = held.length === 1 ? "The last one is" : `The last ${held.length} are`;
    return [`${lies} on somebody else's screen: ${who}.`, "What is left undecided there comes back here by itself."];
  }
  if (line.rest) return ["Loading …"];
  if (line.items.length) return [NOTHING[view], `${plural(line.items.length, "picture")} decided in this line.`];
  return recipe || find ? ["Nothing fits this filter."] : [NOTHING[view]];
}
