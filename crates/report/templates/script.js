"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const checks = all("details.check");
  const words = new Map();
  const text = one("text"), level = one("level"), shown = one("shown"), unfold = one("unfold");
  const tiles = all("button[data-standing]");

  // The words of a check are read once, when a filter first needs them.
  const wordsOf = (check) => {
    if (!words.has(check)) words.set(check, check.textContent.toLowerCase());
    return words.get(check);
  };

  const filter = () => {
    const standings = new Set(tiles.filter((t) => t.getAttribute("aria-pressed") === "true").map((t) => t.dataset.standing));
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const check of checks) {
      const fits = (!standings.size || standings.has(check.dataset.standing)) &&
        (!level.value || check.dataset.level.split(" ")[0] === level.value) &&
        wanted.every((word) => wordsOf(check).includes(word));
      check.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const group of all(".group")) group.hidden = !all("details.check", group).some((c) => !c.hidden);
    shown.textContent = count === checks.length ? "" : `${count} of ${checks.length}`;
  };

  for (const tile of tiles) {
    tile.disabled = false;
    tile.addEventListener("click", () => {
      tile.setAttribute("aria-pressed", String(tile.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  let waiting = 0;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  level.addEventListener("change", filter);
  const clear = () => {
    text.value = "";
    level.value = "";
    for (const tile of tiles) tile.setAttribute("aria-pressed", "false");
    filter();
  };
  one("clear").addEventListener("click", clear);
  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Unfold";
    for (const check of checks) if (!check.hidden) check.open = open;
    unfold.textContent = open ? "Fold" : "Unfold";
  });
  one("filters").hidden = false;

  for (const button of all("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const line = button.parentElement.querySelector("pre");
      try {
        await navigator.clipboard.writeText(line.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(line);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // A link to something folded away unfolds it.
  const reveal = () => {
    const target = location.hash && one(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
    // What came into view takes its true height, which moves the target.
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  };
  addEventListener("hashchange", reveal);
  reveal();

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === text && event.key === "Escape") return text.blur();
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (event.key === "/") {
      event.preventDefault();
      return text.focus();
    }
    if (event.key !== "j" && event.key !== "k") return;
    const seen = checks.filter((c) => !c.hidden);
    const at = seen.indexOf(document.activeElement.closest("details.check"));
    const next = seen[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
    if (next) {
      next.firstElementChild.focus();
      next.scrollIntoView({ block: "nearest" });
    }
  });

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("#findings details:not([open])");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
})();
