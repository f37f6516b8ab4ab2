"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const data = JSON.parse(one("others").textContent);
  const groups = all("details.group");
  const text = one("text"), level = one("level"), shown = one("shown"), unfold = one("unfold");
  const tiles = all("button[data-standing]");
  const words = new Map();

  // An element with a class and what stands in it; text between backticks is code. Nothing of it is read as markup.
  const make = (name, className, ...inside) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...inside.filter((part) => part !== ""));
    return element;
  };
  const phrase = (told) => {
    const parts = told.split("`");
    if (parts.length % 2 === 0) return [told];
    return parts.map((part, n) => (n % 2 ? make("code", "", part) : part));
  };
  const line = (label, told) => make("p", "line", make("b", "", label), " ", ...phrase(told));
  const dot = () => {
    const element = make("span", "dot");
    element.setAttribute("aria-hidden", "true");
    return element;
  };

  // What stands in a requirement that needs no reader is made when it is unfolded.
  const fill = (check, row, page) => {
    const inside = make("div", "inside");
    const [why, how] = row.w === undefined ? ["", ""] : data.whys[row.w];
    if (why) inside.append(line("Why", why));
    if (how) inside.append(line("To verify it", how));
    if (row.o) inside.append(line("What is observed", row.o));
    if (page) {
      const link = make("a", "", "in the specification");
      link.href = row.a ? `${page}#${row.a}` : page;
      link.rel = "noreferrer noopener";
      inside.append(make("p", "links", link));
    }
    const cases = (row.c || []).map(([title, count]) =>
      make("li", "held", make("p", "", dot(), title, count > 1 ? make("span", "took", `${count} times`) : "")));
    if (cases.length) inside.append(make("ul", "cases", ...cases));
    check.append(inside);
  };

  const other = (row, page) => {
    const check = make("details", `check ${row.v[0]}`);
    check.id = row.k || row.i;
    check.dataset.standing = row.v[0];
    check.dataset.level = row.l;
    const strength = make("span", `level ${row.l.toLowerCase()}`, row.l);
    if (row.f) strength.append(" ", make("span", "force", row.f));
    const what = make("span", "what", make("span", "sentence", row.s), " ", make("code", "id", row.i));
    check.append(make("summary", "", dot(), what, " ", strength, " ", make("span", "standing", row.v[1])));
    check.addEventListener("toggle", () => {
      if (check.open && check.childElementCount === 1) fill(check, row, page);
    });
    const [why, how] = row.w === undefined ? ["", ""] : data.whys[row.w];
    words.set(check, [row.i, row.s, row.l, row.o || "", why, how, ...(row.c || []).map((c) => c[0])].join(" ").toLowerCase());
    return check;
  };

  // The requirements of a page are made when it is unfolded, or when something is looked for.
  const build = (group) => {
    if (group.childElementCount > 1) return;
    const n = Number(group.dataset.page);
    group.append(...data.checks[n].map((row) => other(row, data.pages[n])));
  };
  for (const group of groups) group.addEventListener("toggle", () => { if (group.open) build(group); });
  const seen = () => all("details.check").filter((c) => !c.hidden && (!c.closest(".group") || c.closest(".group").open));

  // The words of a check are read once, when a filter first needs them.
  const wordsOf = (check) => {
    if (!words.has(check)) words.set(check, check.textContent.toLowerCase());
    return words.get(check);
  };

  const filter = () => {
    // A tile speaks for its revision.
    const section = (element) => element.closest(".edition");
    const pressed = tiles.filter((t) => t.getAttribute("aria-pressed") === "true");
    const stands = (check) => pressed.some((t) => t.dataset.standing === check.dataset.standing && section(t) === section(check));
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const looking = pressed.length > 0 || level.value !== "" || wanted.length > 0;
    if (looking) groups.forEach(build);
    let count = 0;
    const checks = all("details.check");
    for (const check of checks) {
      const fits = (!pressed.length || stands(check)) &&
        (!level.value || check.dataset.level.split(" ")[0] === level.value) &&
        wanted.every((word) => wordsOf(check).includes(word));
      check.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const part of [...all(".part"), ...groups]) {
      const some = all("details.check", part).some((c) => !c.hidden);
      part.hidden = looking && !some;
      if (part.classList.contains("group")) part.open = looking && some;
    }
    shown.textContent = looking ? `${count} of ${checks.length}` : "";
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
    for (const check of seen()) check.open = open;
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
    const name = location.hash && decodeURIComponent(location.hash.slice(1));
    if (!name) return;
    const page = data.checks.findIndex((rows) => rows.some((row) => (row.k || row.i) === name));
    if (page >= 0) build(groups[page]);
    const target = one(name);
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
    const all_seen = seen();
    const at = all_seen.indexOf(document.activeElement.closest("details.check"));
    const next = all_seen[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
    if (next) {
      next.firstElementChild.focus();
      next.scrollIntoView({ block: "nearest" });
    }
  });

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all(".findings details:not([open])");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
})();
