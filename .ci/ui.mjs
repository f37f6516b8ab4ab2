// Judges HTML reports, and pages of a fleet, by axe-core in Chromium: light and dark, wide and narrow, folded and unfolded.
// Usage: node .ci/ui.mjs AXE_MIN_JS REPORT.html…; CHROMIUM names the browser.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [axe, ...reports] = process.argv.slice(2);
const browser = process.env.CHROMIUM ?? "chromium";
const engine = readFileSync(axe, "utf8").replaceAll("</script", "<\\/script");
const folder = mkdtempSync(join(tmpdir(), "plumb-ui-"));

const UNFOLD = `
  for (const group of [...document.querySelectorAll(".group")].slice(0, 2)) group.open = true;
  for (const check of [...document.querySelectorAll("details")].slice(0, 60)) check.open = true;`;

// The page as it is, with what lies beside it, but for the policy, which forbids any other script, and what is drawn only when it
// is seen.
const judged = (page, beside, unfold) => page
  .replace(/<head>/, (head) => `${head}<base href="${pathToFileURL(beside)}/">`)
  .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "<style>.check { content-visibility: visible !important }</style>")
  .replace("</body>", () => `<script>${engine}</script><script>
    addEventListener("load", async () => {
      ${unfold ? UNFOLD : ""}
      await new Promise((later) => setTimeout(later, 200));
      const found = await axe.run(document);
      const told = found.violations.map((v) => ({ id: v.id, help: v.help, at: v.nodes.slice(0, 4).map((n) => [n.target.join(" "), n.failureSummary]) }));
      const wide = document.documentElement.scrollWidth > innerWidth;
      if (wide) told.push({ id: "reflow", help: "the page is wider than the window", at: [] });
      document.documentElement.innerHTML = "<body><pre id=told></pre>";
      document.getElementById("told").textContent = JSON.stringify(told);
    });
  </script></body>`);

let bad = 0;
for (const report of reports) {
  const page = readFileSync(report, "utf8");
  for (const [scheme, width, unfold] of [[0, 1280, true], [1, 1280, true], [0, 380, false], [1, 380, false]]) {
    const file = join(folder, "page.html");
    writeFileSync(file, judged(page, dirname(resolve(report)), unfold));
    const dom = execFileSync(browser, ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`,
      `--blink-settings=preferredColorScheme=${scheme}`, `--window-size=${width},900`, "--virtual-time-budget=60000", "--dump-dom", `file://${file}`],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });
    const told = dom.match(/<pre id="told">(.*?)<\/pre>/s)?.[1];
    if (told === undefined) throw new Error(`${report}: axe did not end`);
    const violations = JSON.parse(told.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
    bad += violations.length;
    console.log(`${report}, ${scheme ? "light" : "dark"}, ${width}: ${violations.length ? "" : "fine"}`);
    for (const { id, help, at } of violations) {
      console.log(`  ${id}: ${help}`);
      for (const [where, why] of at) console.log(`    ${where}\n      ${(why ?? "").split("\n").slice(1, 2).join("").trim()}`);
    }
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(bad ? 1 : 0);
