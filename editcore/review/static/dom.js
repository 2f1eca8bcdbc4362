// Small helpers for the document. Data reaches the page as text only, never as HTML.

export const $ = (id) => document.getElementById(id);

/** An element with properties and children: el("button", { type: "button", onclick }, "Undo"). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name.startsWith("aria-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

let fading = 0;

/** A sentence for eyes and screen readers; a problem stays longer than good news. */
export function say(text, problem = false) {
  const message = $("message");
  clearTimeout(fading);
  message.textContent = text;
  message.classList.toggle("problem", problem);
  message.classList.toggle("shown", Boolean(text));
  fading = setTimeout(() => message.classList.remove("shown"), problem ? 12000 : 4000);
}

/** Asks in a modal dialog; resolves to true if the person says yes. */
export function confirmed(title, lines, yes) {
  const dialog = $("confirm");
  $("confirm-title").textContent = title;
  $("confirm-lines").replaceChildren(...lines.map((line) => el("p", {}, line)));
  $("confirm-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  $("confirm-yes").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
