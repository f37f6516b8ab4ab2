// Adds a search to the first page; all that it finds is linked from the pages of areas as well.
(async () => {
  const most = 50;
  const rows = await (await fetch("search.json")).json();
  const [form, words, standing, found, hits] =
    ["search", "words", "standing", "found", "hits"].map((id) => document.getElementById(id));
  const shown = ([name, version, area, mark, told, slug, revision]) => {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `servers/${slug}.html`, textContent: name });
    const span = Object.assign(document.createElement("span"), { className: `mark ${mark}`, textContent: told });
    item.append(link, ` ${version} · ${area} `, span, ` ${revision}`);
    return item;
  };
  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const idle = wanted.length === 0 && standing.value === "";
    const fits = ([name, version, area, mark, , , revision]) =>
      (standing.value === "" || mark === standing.value) &&
      wanted.every((word) => `${name} ${version} ${area} ${revision}`.toLowerCase().includes(word));
    const these = idle ? [] : rows.filter(fits);
    found.textContent = idle ? "" : `${these.length} servers${these.length > most ? `, the first ${most}` : ""}`;
    hits.replaceChildren(...these.slice(0, most).map(shown));
  };
  form.hidden = false;
  form.addEventListener("input", search);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
