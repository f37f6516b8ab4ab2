// What was seen is told as it is; without this, the page is loaded again every few seconds.
const told = new EventSource("events");
const show = (element, text) => { if (element.textContent !== text) element.textContent = text; };
told.onmessage = ({ data }) => {
  const visits = JSON.parse(data);
  visits.forEach(({ messages, seen, done }, at) => {
    const row = document.getElementById(`v${at}`);
    row.querySelectorAll(".mark").forEach((mark, n) => show(mark, seen[n] ? "✓ seen" : "–"));
    show(row.querySelector(".number"), String(messages));
    row.classList.toggle("done", done);
    row.querySelector("button").hidden = done;
    show(row.querySelector(".over"), done ? "✓ done" : "");
  });
  show(document.getElementById("done"), String(visits.filter(({ done }) => done).length));
};
told.onerror = () => {
  told.close();
  show(document.getElementById("end"), "The run has ended: the terminal says where its reports are.");
};
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fetch("leave", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  });
}
