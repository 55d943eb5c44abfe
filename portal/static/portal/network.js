// Tries our test points from this very browser and sends what it saw; without it the script for IT does the same, better.
// A page learns little: that an answer could be read, that something failed, or that nothing came. Whether an answer was
// ours is for the server to say, which verifies its signature.
(() => {
  "use strict";
  const FAST = 3000; // a failure within this time was somebody's answer: Windows alone takes up to 2 s over a reset
  const STILL_WAITING = 5000;
  const BETWEEN_TRIES = 2000; // a second try does not wait longer than this for the end of the first
  const LONGEST_ANSWER = 8192;
  const TOO_MANY = 429; // only our own test point's can be read here
  const PATIENCE = [3000, 10_000]; // how long to wait after that, in any case and at most
  const OVERSLEPT = 5000; // what ends so much later than it was to end, ended in the page's sleep
  const TELLING = ["answer", "failed", "silent"];
  const REFUSED_BY_US = 403;
  const NO_CONNECTION = 701;
  const FIREFOX = navigator.userAgent.includes("Firefox/");

  const form = document.getElementById("network-check");
  if (!form || !window.fetch || !window.AbortController || !Promise.allSettled) return;

  const words = form.dataset;
  const start = form.querySelector("[data-start-test]");
  const stop = form.querySelector("[data-stop-test]");
  const again = form.querySelector("[data-send-again]");
  const problem = form.querySelector("[data-problem]");
  const progress = form.querySelector("[data-progress]");
  const announcements = document.getElementById("announcements");
  const resting = new Map([...progress.children].map((row) => [row, row.querySelector(".tag").textContent]));
  let running = null;
  let unsent = null;
  let slept = false;

  class Problem extends Error {}

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  start.addEventListener("click", () => work(test));
  again.addEventListener("click", () => work((signal) => send(unsent, signal)));
  stop.addEventListener("click", () => running?.abort());
  window.addEventListener("offline", () => running?.abort(new Problem(words.offline)));

  async function work(task) {
    if (running) return;
    const control = new AbortController();
    running = control;
    complain("");
    again.hidden = true;
    turnTo(stop, start);
    try {
      await task(control.signal);
    } catch (fault) {
      complain(reasonOf(fault, control.signal));
    } finally {
      running = null;
      again.hidden = unsent === null;
      turnTo(start, stop);
    }
  }

  function reasonOf(fault, signal) {
    if (signal.aborted) return signal.reason instanceof Problem ? signal.reason.message : words.stopped;
    if (fault instanceof Problem) return fault.message;
    return navigator.onLine === false ? words.offline : words.lost;
  }

  // --- the test ---

  async function test(signal) {
    unsent = null;
    slept = false;
    const place = form.querySelector("[name=place]:checked")?.value;
    if (!place) {
      form.querySelector("[name=place]").focus();
      throw new Problem(words.choose);
    }
    if (navigator.onLine === false) throw new Problem(words.offline);
    for (const [row, word] of resting) tell(row, "not_checked", word);
    progress.hidden = false;
    const plan = await (await post(words.start, "", signal)).json();
    announcements.textContent = words.started;
    const clock = await clockOfPortal(plan, signal);
    const ports = await tryPorts(plan, signal);
    const report = { v: 1, nonce: plan.nonce, place, portal_ok: clock !== null, clock, ports };
    await send({ url: plan.report, body: JSON.stringify(report) }, signal);
    if (slept) complain(words.slept);
  }

  async function clockOfPortal(plan, signal) {
    const [limit, release] = limited(signal, plan.seconds);
    try {
      const sent = Date.now();
      const answer = await fetch(plan.now, { cache: "no-store", signal: limit });
      const received = Date.now();
      const portal = (await answer.json()).now;
      return Number.isSafeInteger(portal) ? { sent, received, portal } : null;
    } catch {
      return null;
    } finally {
      release();
      throwIfAborted(signal);
    }
  }

  async function tryPorts(plan, signal) {
    // The first, 443, goes ahead: a network that lets nothing out is known by it, and a slow name server is awake then.
    const first = firstAttempt(plan.ports[0], plan, signal);
    tell(rowOf(plan.ports[0]), "checking", words.trying);
    await Promise.race([first, pause(FAST)]);
    throwIfAborted(signal);
    const looked = await Promise.all(plan.ports.map((port, at) => tryPort(port, plan, signal, at ? null : first)));
    await doubtTurn(looked, plan, signal);
    return looked.map(({ port, tries, opaque, turn }) => ({ host: port.host, port: port.port, tries, opaque, turn }));
  }

  // Behind a proxy a browser cannot know where a name leads, and refuses whatever was said to be public.
  async function firstAttempt(port, plan, signal) {
    const one = await attempt(port, plan, signal);
    if (!plan.public || one.how !== "failed" || one.ms >= FAST) return one;
    const unsaid = await attempt(port, { ...plan, public: false }, signal);
    if (unsaid.how !== "answer") return one;
    plan.public = false;
    return unsaid;
  }

  async function tryPort(port, plan, signal, begun) {
    const row = rowOf(port);
    tell(row, "checking", words.trying);
    const one = begun ?? attempt(port, plan, signal);
    const quiet = pause(STILL_WAITING);
    let knocking = port.port === 80 ? knock(port, plan, signal) : null;
    const both = Promise.race([one, pause(BETWEEN_TRIES)])
      .then(() => Promise.all([one, attempt(port, plan, signal)]));
    const late = Promise.race([both.then(() => false, () => false), quiet.then(() => true)]).then((is) => {
      if (!is || signal.aborted) return;
      tell(row, "checking", words.waiting);
      knocking ??= knock(port, plan, signal);
    });
    const tried = await both;
    const tries = tried.filter((one) => TELLING.includes(one.how));
    let opaque = null;
    // Where our own test point turns questions away for their number, somebody's answer may well be ours.
    if (isFastFailure(tries) && !tried.some((one) => one.how === "limited")) {
      tell(row, "checking", words.again);
      opaque = await secondLook(port, plan, signal);
    }
    await late;
    const answered = tries.some((one) => one.how === "answer");
    const turn = answered || !knocking ? "untried" : await knocking;
    throwIfAborted(signal);
    tell(row, ...outcome(tries, opaque, turn));
    return { port, tries, opaque, turn };
  }

  function isFastFailure(tries) {
    return !tries.some((one) => one.how === "answer") && tries.some((one) => one.how === "failed" && one.ms < FAST);
  }

  function outcome(tries, opaque, turn) {
    if (!tries.length) return ["could_not_check", words.untested];
    const answers = tries.filter((one) => one.how === "answer").length;
    if (answers === tries.length) return ["fine", words.answered];
    if (answers) return ["could_not_check", words.flaky];
    if (turn === "reached") return ["fine", words.answered];
    if (opaque) return ["problem", words.other];
    return ["problem", tries.some((one) => one.how === "failed") ? words.failed : words.silent];
  }

  // One try. It tells nothing where our own test point had too many of them, twice, or where the page slept meanwhile.
  async function attempt(port, plan, signal) {
    const one = await tryOnce(port, plan, signal);
    if (one.how !== "limited") return one;
    await pause(one.wait);
    throwIfAborted(signal);
    return tryOnce(port, plan, signal);
  }

  async function tryOnce(port, plan, signal) {
    const [limit, release] = limited(signal, plan.seconds);
    const time = stopwatch();
    let how = "answer";
    let signed = "";
    let wait = 0;
    try {
      const answer = await fetch(port.url, question(plan, limit));
      if (answer.status === TOO_MANY) [how, wait] = ["limited", patienceOf(answer)];
      else signed = signedIn(await shortText(answer));
    } catch {
      how = limit.aborted ? "silent" : "failed";
    }
    const ms = time();
    release();
    throwIfAborted(signal);
    if (how !== "answer" && isOverslept(ms, plan)) how = "slept";
    return how === "limited" ? { how, wait } : { how, ms, signed };
  }

  function patienceOf(answer) {
    const seconds = Number(answer.headers.get("Retry-After"));
    const [least, most] = PATIENCE;
    return Math.min(Math.max(seconds * 1000 || 0, least), most);
  }

  // Not every system's steady clock runs on while it sleeps; the one on the wall does.
  function stopwatch() {
    const [steady, wall] = [performance.now(), Date.now()];
    return () => Math.round(Math.max(performance.now() - steady, Date.now() - wall));
  }

  function isOverslept(ms, plan) {
    const is = ms > plan.seconds * 1000 + OVERSLEPT;
    slept ||= is;
    return is;
  }

  // Anything that answers HTTP over a certificate that this browser trusts, whoever it is: a block page, a sign-in page.
  // Where that sends us elsewhere, this page's own policy forbids to follow, and says so: ours never redirects.
  async function secondLook(port, plan, signal) {
    const [limit, release] = limited(signal, plan.seconds);
    const origin = new URL(port.url).origin;
    let ledAway = false;
    const notice = (event) => {
      ledAway ||= event.effectiveDirective === "connect-src" && event.blockedURI.startsWith(origin);
    };
    document.addEventListener("securitypolicyviolation", notice);
    try {
      await fetch(port.url, { ...question(plan, limit), mode: "no-cors", redirect: "follow" });
      return true;
    } catch {
      await pause(50); // the policy's word comes as an event of its own
      return limit.aborted ? null : ledAway;
    } finally {
      document.removeEventListener("securitypolicyviolation", notice);
      release();
      throwIfAborted(signal);
    }
  }

  function question(plan, signal) {
    return {
      mode: "cors",
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal,
      // Our test points are public: where a name leads into the own network, no browser need ask for permission.
      ...(plan.public ? { targetAddressSpace: "public" } : {}),
    };
  }

  async function shortText(answer) {
    if (!answer.body) return "";
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
      if (text.length > LONGEST_ANSWER) {
        reader.cancel().catch(() => {});
        return text;
      }
    }
  }

  function signedIn(text) {
    try {
      const { signed } = JSON.parse(text);
      return typeof signed === "string" && /^[A-Za-z0-9._-]{1,2048}$/.test(signed) ? signed : "";
    } catch {
      return "";
    }
  }

  // --- TURN: plain TCP from a page, for port 80, and to tell a dropped packet from a silent server ---

  function knock(port, plan, signal) {
    return new Promise((resolve) => {
      if (!window.RTCPeerConnection) {
        resolve("untried");
        return;
      }
      const time = stopwatch();
      let heard = "untried";
      let connection = null;
      let timer = 0;
      const end = (how) => {
        window.clearTimeout(timer);
        signal.removeEventListener("abort", stopped);
        connection?.close();
        resolve(how !== "reached" && isOverslept(time(), plan) ? "untried" : how);
      };
      const stopped = () => end("untried");
      try {
        connection = new RTCPeerConnection({
          iceServers: [{ urls: port.turn, username: plan.nonce, credential: "portal" }],
          iceTransportPolicy: "relay",
        });
      } catch {
        resolve("untried");
        return;
      }
      signal.addEventListener("abort", stopped);
      // Firefox fails the same way, late, whether or not it ever asked: its silence proves nothing.
      timer = window.setTimeout(() => end(heard === "untried" && !FIREFOX ? "silent" : heard), plan.seconds * 1000);
      connection.addEventListener("icecandidateerror", ({ errorCode }) => {
        if (errorCode === REFUSED_BY_US) end("reached");
        // Not the end yet: of a name's IPv6 and IPv4 addresses the other one may still answer.
        if (errorCode === NO_CONNECTION && (!FIREFOX || time() < FAST)) heard = "failed";
      });
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState === "complete") window.setTimeout(() => end(heard), 250);
      });
      connection.createDataChannel("test");
      connection.createOffer().then((offer) => connection.setLocalDescription(offer)).catch(() => end("untried"));
    });
  }

  // A failure over TURN means something only where TURN works at all: some browsers and policies switch it off.
  async function doubtTurn(looked, plan, signal) {
    const failed = looked.filter((one) => one.turn === "failed" || one.turn === "silent");
    const open = looked.find((one) => one.tries.some((tried) => tried.how === "answer"));
    if (!failed.length || !open) return;
    if (open.turn === "untried") open.turn = await knock(open.port, plan, signal);
    throwIfAborted(signal);
    if (open.turn !== "reached") for (const one of [...failed, open]) one.turn = "untried";
  }

  // --- the portal ---

  async function send(report, signal) {
    unsent = report;
    announcements.textContent = words.sending;
    let answer;
    try {
      answer = await post(report.url, report.body, signal);
    } catch (fault) {
      throw fault instanceof Problem || signal.aborted ? fault : new Problem(words.unsent);
    }
    const part = await answer.text();
    unsent = null;
    progress.hidden = true;
    window.htmx.swap("#network-result", part, { swapStyle: "outerHTML" });
    refreshFindings();
  }

  function refreshFindings() {
    const sentence = document.querySelector("#network-result [data-milestone]")?.textContent ?? "";
    const settled = ({ target }) => {
      if (target.id !== "findings") return;
      document.body.removeEventListener("htmx:afterSettle", settled);
      announcements.textContent = sentence.replace(/\s+/g, " ").trim(); // the last word, after that of the findings
    };
    document.body.addEventListener("htmx:afterSettle", settled);
    window.htmx.ajax("GET", words.section, { target: "#findings", swap: "outerHTML" });
  }

  async function post(url, body, signal) {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value,
      },
      body,
      signal,
    });
    if (answer.ok && !answer.redirected) return answer;
    const said = await answer.json().then((told) => told.problem, () => "");
    if (answer.status >= 500) throw new Problem(words.unsent);
    unsent = null;
    throw new Problem(said || words.outdated);
  }

  // --- small parts ---

  function limited(signal, seconds) {
    const control = new AbortController();
    const timer = window.setTimeout(() => control.abort(), seconds * 1000);
    const pass = () => control.abort();
    signal.addEventListener("abort", pass);
    if (signal.aborted) pass();
    return [control.signal, () => {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", pass);
    }];
  }

  function throwIfAborted(signal) {
    if (signal.aborted) throw new DOMException("stopped", "AbortError");
  }

  function pause(ms) {
    return new Promise((resolve) => { window.setTimeout(resolve, ms); });
  }

  function rowOf(port) {
    return [...progress.children].find((row) => row.dataset.host === port.host && row.dataset.port === String(port.port));
  }

  function tell(row, status, word) {
    if (!row) return;
    const tag = row.querySelector(".tag");
    tag.className = `tag tag-${status}`;
    tag.textContent = word;
  }

  function complain(text) {
    problem.textContent = text;
    problem.hidden = !text;
    if (text) announcements.textContent = text;
  }

  function turnTo(shown, hidden) {
    const held = document.activeElement === hidden || document.activeElement === again;
    shown.hidden = false;
    hidden.hidden = true;
    if (held) shown.focus();
  }
})();
