"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const cards = [...document.querySelectorAll(".card")];
  const items = [...document.querySelectorAll(".item")];
  const viewer = $("viewer"), large = $("large");
  const chosen = { route: "", recipe: "" };
  let current = null;
  let view = "after";
  let held = false;

  const visible = () => cards.filter((card) => !card.hidden);
  const shot = (card, kind) => card.querySelector(`.shot.${kind} img`);

  function filter() {
    for (const item of items) {
      const fits = (!chosen.route || item.dataset.routeOf === chosen.route)
        && (!chosen.recipe || item.dataset.recipeOf === chosen.recipe);
      item.hidden = !fits;
    }
    for (const section of document.querySelectorAll("#contact, #pictures, .failure")) {
      section.hidden = !section.querySelector(".item:not([hidden])");
    }
    const failures = $("failures");
    if (failures) failures.hidden = !failures.querySelector(".failure:not([hidden])");
    $("nothing").hidden = items.some((item) => !item.hidden);
    for (const chip of document.querySelectorAll("[data-route]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.route === chosen.route));
    }
    if (current && current.hidden) select(null);
  }

  function select(card) {
    if (current) current.classList.remove("current");
    current = card;
    if (card) card.classList.add("current");
  }

  function step(by) {
    const list = visible();
    if (!list.length) return;
    const at = list.indexOf(current);
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by));
    release();
    select(list[next]);
    if (viewer.open) show();
    else current.scrollIntoView({ block: "center" });
  }

  function show() {
    const picture = shot(current, held ? "before" : view) || shot(current, "after") || shot(current, "before");
    if (!picture) return;
    large.src = picture.src;
    large.alt = picture.alt;
    const size = (shot(current, "after") || picture);
    large.width = size.width; large.height = size.height;
    large.style.aspectRatio = `${size.getAttribute("width")} / ${size.getAttribute("height")}`;
    $("viewer-sku").textContent = current.querySelector("h3").textContent;
    $("viewer-words").textContent = current.querySelector(".words").textContent;
    const buttons = [...current.querySelectorAll(".shot")].map((figure) => {
      const kind = figure.querySelector("button").dataset.enlarge;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = figure.querySelector("figcaption").textContent;
      button.setAttribute("aria-pressed", String(kind === (held ? "before" : view)));
      button.addEventListener("click", () => { view = kind; show(); });
      return button;
    });
    $("views").replaceChildren(...buttons);
  }

  function open(card, kind) {
    select(card);
    view = kind;
    if (!viewer.open) viewer.showModal();
    show();
  }

  // Holding shows the picture before: in the viewer, or in the card that j and k have chosen.
  function hold() {
    if (held || !current) return;
    held = true;
    if (viewer.open) { show(); return; }
    const after = shot(current, "after"), before = shot(current, "before");
    if (!after || !before) return;
    after.dataset.after = after.src;
    after.src = before.src;
  }

  function release() {
    if (!held) return;
    held = false;
    const after = current && shot(current, "after");
    if (after && after.dataset.after) { after.src = after.dataset.after; delete after.dataset.after; }
    if (viewer.open) show();
  }

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-route]");
    if (chip) { chosen.route = chip.dataset.route; filter(); return; }
    const picture = event.target.closest("[data-enlarge]");
    if (picture) { open(picture.closest(".card"), picture.dataset.enlarge); return; }
    const thumb = event.target.closest("[data-open]");
    if (thumb) open($(thumb.dataset.open), "after");
  });
  $("recipe").addEventListener("change", (event) => { chosen.recipe = event.target.value; filter(); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || (viewer.open && key === "arrowright")) step(1);
    else if (key === "k" || (viewer.open && key === "arrowleft")) step(-1);
    else if (key === "b") hold();
    else if (key === "enter" && current && !viewer.open && !event.target.closest("button, a, summary")) open(current, "after");
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "b") release(); });
  window.addEventListener("blur", release);

  large.addEventListener("pointerdown", (event) => { event.preventDefault(); hold(); });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) large.addEventListener(name, release);
  large.addEventListener("contextmenu", (event) => event.preventDefault());
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  $("close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  viewer.addEventListener("close", () => {
    release();
    if (current) { current.scrollIntoView({ block: "center" }); current.focus({ preventScroll: true }); }
  });
})();
