// How far a download is. Without this script the link is a plain download. React owns the document but never
// fills the places this writes to.
"use strict";
(() => {
  const PART = 8 << 20;  // what is gathered before it is handed to the browser, which keeps big parts on disk
  const words = new Intl.NumberFormat("en");
  const many = (count) => (count === 1 ? "one event" : `${words.format(count)} events`);
  let running = null;  // how to cancel it

  const lines = (chunk) => { let n = 0; for (const byte of chunk) if (byte === 10) n++; return n; };
  const refusal = async (answer) => {
    try { return (await answer.json()).detail; } catch { return "That didn't work. Try again in a moment."; }
  };
  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

  const fetchAll = async (answer, tell) => {
    const parts = [], reader = answer.body.getReader();
    let waiting = [], size = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      waiting.push(step.value);
      size += step.value.length;
      if (size >= PART) { parts.push(new Blob(waiting)); [waiting, size] = [[], 0]; }
      tell(lines(step.value));
    }
    return new Blob([...parts, ...waiting], { type: answer.headers.get("content-type") });
  };

  const download = async (link, place) => {
    const part = (name) => place.querySelector(`[data-${name}]`);
    const say = (text) => { part("said").textContent = text; };
    const stop = new AbortController();
    running = stop;
    say("");
    part("bar").removeAttribute("value");
    part("count").textContent = "Starting…";
    part("running").hidden = false;
    try {
      const answer = await fetch(link.href, { signal: stop.signal });
      if (answer.status === 401) return location.reload();  // the door leads to the sign-in
      if (!answer.ok) return say(await refusal(answer));
      const total = Number(answer.headers.get("x-total-events"));
      let seen = 0;
      part("bar").max = Math.max(total, 1);
      const blob = await fetchAll(answer, (more) => {
        seen = Math.min(seen + more, total);
        part("bar").value = seen;
        part("count").textContent = `${words.format(seen)} of ${many(total)}`;
      });
      save(blob, link.download);
      say(`Downloaded ${many(total)}.`);
    } catch (error) {
      say(error.name === "AbortError" ? "Download canceled." : "The download was interrupted. Try again in a moment.");
    } finally {
      running = null;
      part("running").hidden = true;
    }
  };

  addEventListener("click", (event) => {
    if (event.target.closest?.("[data-cancel]")) return running?.abort();
    const link = event.target.closest?.("a[data-progress]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!running) download(link, document.getElementById(link.dataset.progress));
  });
})();
