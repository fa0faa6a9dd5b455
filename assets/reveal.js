// Secrets on their way to the screen: a new authenticator key, recovery codes. The page's state holds only a
// ticket; this script fetches what is behind it, once, and puts it into slots that React never fills. It stays
// in this script for as long as its place is on the page, so that a slot drawn anew can be filled again.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  let ticket = null, note = null;
  const filled = new WeakMap();  // slot -> the note it shows

  const fetchNote = async (wanted) => {
    const body = new URLSearchParams({ ticket: wanted });
    try {
      const answer = await fetch("/session/reveal", { method: "POST", body, signal: AbortSignal.timeout(10_000) });
      return answer.ok ? await answer.json() : null;
    } catch { return null; }
  };

  const put = {
    qr: (slot) => { slot.src = note.qr; },
    uri: (slot) => { slot.href = note.uri; },
    key: (slot) => { slot.textContent = note.key; },
    codes: (slot) => slot.replaceChildren(...note.codes.map((code) => {
      const item = document.createElement("li");
      item.textContent = code;
      return item;
    })),
  };
  const fill = (place) => {
    for (const slot of place.querySelectorAll("[data-slot]")) {
      if (filled.get(slot) === note) continue;
      filled.set(slot, note);
      put[slot.dataset.slot](slot);
    }
    place.dataset.revealed = "shown";
  };

  const look = async () => {
    const place = one("[data-reveal]"), wanted = place?.dataset.reveal ?? null;
    if (wanted !== ticket) {
      [ticket, note] = [wanted, null];
      if (place) delete place.dataset.revealed;
      const found = wanted && await fetchNote(wanted);
      if (ticket !== wanted) return;
      if (found) note = found;
      else if (one("[data-reveal]")) one("[data-reveal]").dataset.revealed = "failed";
    }
    if (note && one("[data-reveal]")) fill(one("[data-reveal]"));
  };

  // --- Keeping them. -----------------------------------------------------------------------------------
  const list = () => note.codes.map((code, number) => `${number + 1}. ${code}`).join("\n");
  const letter = () => {
    const owner = one("[data-owner]").dataset.owner, day = new Date().toLocaleDateString("en-US", { dateStyle: "long" });
    return `AutoGraph recovery codes\n${owner}\n${location.origin}\n${day}\n\n${list()}\n\nEach code works once.\n`;
  };
  const save = (name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([letter()], { type: "text/plain" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    return "Downloaded. Keep the file somewhere safe.";
  };
  const copy = async (what) => {
    try {
      await navigator.clipboard.writeText(what === "key" ? note.key.replaceAll(" ", "") : note.codes.join("\n"));
      return "Copied.";
    } catch { return "We couldn't copy it. Select the text and copy it manually."; }
  };
  addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-download], [data-print]");
    if (!button || !note) return;
    const { copy: what, download, print: paper } = button.dataset;
    if (paper) return print();
    const said = button.closest("[data-reveal]").querySelector("[data-said]");
    said.textContent = "";  // so that the same words are announced again
    const words = download ? save(download) : await copy(what);
    setTimeout(() => { said.textContent = words; }, 50);
  });

  // Reflex hangs up for good before the person has decided to leave: whoever stays would find a dead page.
  // It hangs up again when the page really goes.
  addEventListener("beforeunload", (event) => {
    event.stopImmediatePropagation();
    if (one('[data-unsaved="true"]')) event.preventDefault();
  }, true);

  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true,
    attributeFilter: ["data-reveal"] });
})();
