// What the pages need from the browser itself. No dependency, no eval: a strict content security policy holds.
// React owns the document; this script only reads data- attributes the server sets, flips attributes React
// does not render, and changes words in place, wherever a program that translates has put them.
"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector) => document.querySelector(selector);
  root.classList.add("js");
  const put = (place, words) => {
    while (place.firstElementChild) place = place.firstElementChild;
    if (place.firstChild) place.firstChild.nodeValue = words; else place.textContent = words;
  };

  // --- Theme: the inline script in the head reads the same key before the first paint. -----------------
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme") || "system"; } catch { return "system"; } };
  const paint = () => {
    const choice = stored();
    const shown = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    if (!root.classList.contains(shown)) { root.classList.remove("light", "dark"); root.classList.add(shown); }
    if (root.style.colorScheme !== shown) root.style.colorScheme = shown;
    for (const button of document.querySelectorAll("[data-theme]"))
      button.setAttribute("aria-pressed", String(button.dataset.theme === choice));
  };
  // Reflex listens to the system too and would put its own idea first; ours comes after it.
  dark.addEventListener("change", () => setTimeout(paint));
  addEventListener("storage", (event) => event.key === "theme" && paint());

  // --- Connection: the banner, and whether a form can go over the websocket. ---------------------------
  // The server pings every five seconds and is given five for an answer. Where packets are dropped no connection
  // fails: without this, the next attempt to connect would be waited for, twenty seconds more.
  const SILENCE = 1e4;
  let everReady = false, down = false;
  let wire, heard = 0;  // the page's websocket, and when anything came over any
  let alive = 0;  // when the connection last showed that it works: what came before the first send is not heard
  const connection = () => {
    const signals = one("#signals");
    const ready = signals?.dataset.ready === "true", failing = signals?.dataset.down === "true";
    if (ready && !everReady) { everReady = true; alive = performance.now(); tell(""); }
    const silent = performance.now() - alive > SILENCE;
    const now = !navigator.onLine || (everReady && (failing || silent));
    if (down && !now) release();  // an answer that was under way is lost: let the person try again
    down = now;
    root.classList.toggle("is-offline", down);
  };
  addEventListener("online", () => connection());
  addEventListener("offline", () => connection());
  setInterval(() => connection(), 1e3);

  // --- Trouble that has to be found out: nothing comes over the websocket, or no cookie is kept. ---------
  // The server says every five seconds that it is there; whatever is wrong is said within ten.
  const PATIENCE = 7e3, LOOK_AGAIN = 5e3, LOCAL = ["show", "theme", "reload", "close"];
  let told = "";
  // Not before React has taken the text over, or it would take the other words for a fault of the page; if its
  // modules never come, for three seconds at most.
  const isTaken = (part) => performance.now() > 3e3 || Object.keys(part).some((key) => key.startsWith("__react"));
  let saying;
  const say = (text) => {
    clearTimeout(saying);
    const part = one("#trouble p"), words = part?.firstChild;
    if (words && text && !isTaken(part)) return void (saying = setTimeout(say, 100, text));
    if (words && text && words.nodeValue !== text) words.nodeValue = text;
    root.classList.toggle("has-trouble", Boolean(words && text));
  };
  const tell = (name) => { told = name; say(name ? one("#trouble")?.getAttribute(`data-${name}`) : needed()); };
  // Answers of forms that were sent without a connection: their words stand in a noscript element, and the
  // fragment of the address names one of them.
  const answered = () => {
    const id = location.hash.slice(1);
    if (!id.startsWith("said-")) return "";
    for (const unread of document.querySelectorAll("noscript")) {
      const part = new DOMParser().parseFromString(unread.textContent, "text/html").getElementById(id);
      if (part) return part.textContent;
    }
    return "";
  };
  let isRead = false;
  const needed = () => {
    if (!navigator.cookieEnabled || location.hash === "#said-cookies_missing") return one("#trouble")?.dataset.cookies ?? "";
    // Once the page is connected it says so itself, unless what it was to say could not be kept for it.
    const says = everReady && ["#form-alert", "#form-notice"].some((part) => one(part)?.textContent.trim());
    return says || isRead ? "" : answered();
  };
  const typed = () => [...document.querySelectorAll("input, textarea")].some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
  const refusedOrigin = async () => {
    const refused = await fetch("/session/reveal", { method: "POST", body: new URLSearchParams() });
    const problem = refused.status === 403 ? await refused.json() : {};
    return problem.code === "origin_refused" ? problem.detail : "";
  };
  const isWell = async () => {
    try { return (await fetch("/health/ready", { cache: "no-store", signal: AbortSignal.timeout?.(2500) })).ok; }
    catch { return false; }
  };
  let wasAway = false;
  const findOut = async () => {
    // Pages that stand for another one have nothing that could connect.
    if (everReady || !one("#signals") || !one("script[type=module]")) return;
    const well = await isWell();
    if (everReady) return;
    if (!well) { wasAway = true; tell("away"); }
    else if (wasAway) {
      wasAway = false;  // it may connect by itself by the next look
      if (!typed()) return void setTimeout(() => everReady || location.reload(), LOOK_AGAIN / 2);
    } else {
      const elsewhere = await refusedOrigin().catch(() => "");
      if (everReady) return;
      tell("blocked");
      if (elsewhere) say(elsewhere);
    }
    setTimeout(findOut, LOOK_AGAIN);
  };
  setTimeout(findOut, PATIENCE);

  // --- Answers: what was asked of the server gets one in time, or the page says what is wrong. -----------
  const replied = new WeakMap();  // websocket -> when it last brought more than a sign of life
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (!replied.has(this)) {
      replied.set(wire = this, 0);
      alive = performance.now();
      this.addEventListener("message", ({ data }) => {
        heard = alive = performance.now();
        if (!String(data).startsWith("42")) return;
        replied.set(this, heard);
        settle(this);
      });
    }
    return send.call(this, data);
  };
  const open = new Set();  // what was told to have no answer yet
  const isLate = () => told === "silent" || told === "away";
  // Whatever was asked over a connection that is gone has no answer any more, not even once all is well again.
  const settle = (over) => {
    let lost = false;
    for (const one of open) {
      if (one.isAnswered()) open.delete(one);
      else if (over && one.over !== over) { lost = true; open.delete(one); one.release?.(); }
    }
    if (isLate() && (lost || !open.size)) tell(lost ? "back" : "");
  };
  const expect = (isAnswered, release) => {
    isRead = true;
    if (!isLate()) tell("");
    const at = performance.now(), over = wire;
    setTimeout(doubt, PATIENCE, { at, over, release, isAnswered: isAnswered ?? (() => replied.get(over) > at) });
  };
  const doubt = async (one) => {
    if (going || down || one.isAnswered()) return;
    const silent = heard < one.at, away = !silent && !(await isWell());
    const lost = one.over !== wire && replied.get(wire) > one.at;
    if (one.isAnswered() || (lost && open.has(one))) return;
    if (away) {
      tell("away");
      setTimeout(doubt, LOOK_AGAIN / 2, one);
    } else if (silent || lost || one.release || open.has(one)) {
      one.release?.();
      tell(lost ? "back" : "silent");
    } else return;
    if (!lost) open.add(one);
  };
  addEventListener("click", (event) => {
    const button = event.target.closest?.("button:not([type=submit])");
    if (button && everReady && !Object.keys(button.dataset).some((name) => LOCAL.includes(name))) expect();
  }, true);

  // --- Forms: once per answer, natively before the page is connected, not at all while offline. --------
  const sent = new Map();  // form -> the number of answers when it was sent
  const release = () => sent.clear();
  let going = false;  // to another page: to set out for a second would cancel the first, and its cookie
  const depart = () => { going = true; setTimeout(() => { going = false; wishes(); }, 1e4); };
  addEventListener("submit", (event) => {
    const form = event.target, connected = "answers" in form.dataset;
    const stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (down || (connected && sent.get(form) === form.dataset.answers)) return stop();
    if (!connected) return depart();
    if (everReady) {
      const answers = form.dataset.answers;
      sent.set(form, answers);
      // It may be lost with the connection, and the form must not stay dead.
      expect(
        () => form.dataset.answers !== answers || !form.isConnected,
        () => sent.delete(form),
      );
      return;
    }
    if (form.dataset.connectedOnly) return stop();
    // Not connected yet: keep React out of it, the form has a real action.
    depart();
    event.stopImmediatePropagation();
    const next = new URLSearchParams(location.search).get("next");
    if (next && form.elements.next) form.elements.next.value = next;
    // The answer's words are then found without a connection too.
    form.addEventListener("formdata", (made) => made.formData.set("scriptless", "on"), { once: true });
  }, true);

  // --- Wishes of the server. ---------------------------------------------------------------------------
  const done = {};
  const fresh = (name, value) => value && done[name] !== value && ((done[name] = value), true);
  const wishes = () => {
    const { leave = "", focus = "", address = "" } = one("#signals")?.dataset ?? {};
    const claim = one("#claim"), ticket = claim?.dataset.ticket;
    if (fresh("ticket", ticket)) { depart(); claim.elements.ticket.value = ticket; claim.submit(); }
    if (!going && fresh("leave", leave) && /^\/(?![/\\])[^\x00-\x1f]*$/.test(leave)) {
      depart();
      location.replace(leave);
    }
    if (fresh("address", address) && address.split("?")[0] === location.pathname)
      history.replaceState(history.state, "", address);
    if (fresh("focus", focus)) {
      const part = document.getElementById(focus.split(":")[0]);
      part?.focus();
      if (part?.dataset.select) part.select();
    }
    if (!focus) done.focus = "";
  };

  // --- What the address asked for happens once: loading the page again must not begin it anew. ----------
  const tidy = () => {
    if (everReady && new URLSearchParams(location.search).has("then"))
      history.replaceState(history.state, "", location.pathname);
  };

  // --- After a link without a full load, reading goes on at the heading. --------------------------------
  let page = one("h1[data-page]")?.dataset.page;
  const heading = () => {
    const title = one("h1[data-page]");
    if (title && title.dataset.page !== page) { page = title.dataset.page; release(); paint(); title.focus(); }
  };

  // --- The wait after too many tries. ------------------------------------------------------------------
  const words = (s) => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  const ends = new WeakMap();  // clock -> what it was told, and when that ends
  let timer;
  const tick = () => {
    let running = false;
    for (const clock of document.querySelectorAll("[data-wait]")) {
      const left = Math.ceil((ends.get(clock).at - Date.now()) / 1000);
      if (left > 0) { running = true; put(clock, words(left)); continue; }
      clock.closest(".box").classList.add("is-over");
      const about = clock.closest("[data-rests]") ?? document;
      for (const button of about.querySelectorAll("[data-submit], [data-rest]")) button.disabled = false;
    }
    if (!running) clearInterval(timer);
  };
  const wait = () => {
    let fresh = false;
    for (const clock of document.querySelectorAll("[data-wait]")) {
      const told = clock.dataset.wait;
      if (ends.get(clock)?.told === told) continue;
      ends.set(clock, { told, at: Date.now() + 1000 * parseInt(told, 10) });
      clock.closest(".box").classList.remove("is-over");
      fresh = true;
    }
    if (!fresh) return;
    clearInterval(timer);
    timer = setInterval(tick, 250);
    tick();
  };

  // --- Times in the viewer's own zone, in the page's language. ------------------------------------------
  // Some browsers name the system's locale as it is, such as en-US@posix, in which no date can be written.
  const speaks = (name) => { try { return name.startsWith("en") && Intl.getCanonicalLocales(name); } catch { return false; } };
  const language = navigator.languages?.find(speaks) || "en-GB";
  const styles = {
    clock: { timeStyle: "short" },
    thisYear: { day: "numeric", month: "long" },
    day: { day: "numeric", month: "long", year: "numeric" },
    full: { dateStyle: "full", timeStyle: "long" },
  };
  // The first one takes a phone a tenth of a second to make: only where there are times, and before they come if it can.
  const made = {};
  const format = (style) => (made[style] ??= new Intl.DateTimeFormat(language, styles[style]));
  const idle = window.requestIdleCallback ?? setTimeout;
  const prepare = ([next, ...others]) => next && idle(() => { format(next).format(0); prepare(others); });
  if (one("#sign-out-form")) prepare(Object.keys(styles));
  const dayOf = (at) => {
    const now = new Date(), midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());
    const days = Math.round((midnight(now) - midnight(at)) / 864e5);
    if (days === 0 || days === 1) return days ? "Yesterday" : "Today";
    return format(at.getFullYear() === now.getFullYear() ? "thisYear" : "day").format(at);
  };
  const times = () => {
    for (const time of document.querySelectorAll("time[data-local]")) {
      const shown = `${time.dateTime} ${new Date().toDateString()}`;
      if (time.dataset.shown === shown || !time.firstChild) continue;
      const at = new Date(time.dateTime);
      put(time, `${dayOf(at)}, ${format("clock").format(at)}`);
      time.title = format("full").format(at);
      time.dataset.shown = shown;
    }
  };

  // "Today" is another day after midnight, and so it is after a night's sleep of the machine.
  let today = new Date().toDateString();
  setInterval(() => {
    if (today === (today = new Date().toDateString())) return;
    times();
  }, 3e4);

  // --- Showing a password. React may set the type back; the button follows the field. -------------------
  const shows = () => {
    for (const button of document.querySelectorAll("[data-show]")) {
      const shown = document.getElementById(button.dataset.show)?.type === "text";
      if (button.getAttribute("aria-pressed") !== String(shown)) button.setAttribute("aria-pressed", String(shown));
    }
  };

  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-show], [data-theme], [data-reload], [data-close], a[href^='#']");
    if (!button) return;
    const { show, theme, reload, close } = button.dataset;
    if (show) { const field = document.getElementById(show); field.type = field.type === "text" ? "password" : "text"; }
    else if (theme) { try { localStorage.setItem("theme", theme); } catch { /* for this page only */ } paint(); }
    else if (reload) location.reload();
    else if (close) { const part = button.closest("details"); part.open = false; part.firstElementChild.focus(); }
    else document.getElementById(button.hash.slice(1))?.focus();
  });

  // In a tab of the version before, the script of the next page is gone, and the router then loads the same page anew.
  // It is to be the page that was asked for. Browsers without `navigation` load both, one after the other.
  let asked = "";
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]:not([target]):not([download])");
    const plain = !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    asked = plain && link?.origin === location.origin && link.pathname !== location.pathname ? link.href : "";
  }, true);
  window.navigation?.addEventListener("navigate", (event) => {
    const there = asked;
    asked = "";
    if (!there || event.navigationType !== "reload" || !event.cancelable) return;
    event.preventDefault();
    location.assign(there);
  });
  addEventListener("pagehide", () => asked && sessionStorage.setItem("asked", asked));
  const missed = sessionStorage.getItem("asked");
  sessionStorage.removeItem("asked");
  if (missed && performance.getEntriesByType("navigation")[0]?.type === "reload") location.replace(missed);

  // A page kept by the browser may be someone's who has signed out since: ask the server again.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  const look = () => { connection(); settle(); tidy(); wishes(); heading(); wait(); times(); shows(); };
  const start = () => {
    paint();
    say(needed());
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true,
      attributeFilter: ["data-ready", "data-down", "data-leave", "data-focus", "data-address", "data-ticket", "data-wait",
        "data-answers", "data-page", "datetime", "type"] });
  };
  start();
})();
