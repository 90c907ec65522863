// The page that checks a presentation: takes a file in, asks core, shows the result. What is asked of the server is asked here
// and nowhere else, and written down for the reader.
import { onLanguage, t } from "./page.js";
import { call, load } from "./core.js";
import { show } from "./result.js";
import { fromPicture, fromVideo } from "./scan.js";

const $ = (id) => document.getElementById(id);
const MAX = 4 * 1024 * 1024;
const trust = { policy: "", authority: "", own: false };
let offered = { policy: "", authority: "" };
let last = null;
const ready = start();

async function text(path) {
  try {
    const answer = await fetch(path, { cache: "no-cache", credentials: "omit" });
    return answer.ok ? await answer.text() : "";
  } catch {
    return "";
  }
}

async function start() {
  const [policy, authority] = await Promise.all([text("/verify/policy.txt"), text("/verify/authority.txt"), load()]);
  offered = { policy, authority };
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem("xuefen.trust")); } catch { /* nothing kept */ }
  Object.assign(trust, kept?.policy ? { ...kept, own: true } : { ...offered, own: false });
  showTrust();
  document.body.dataset.state = "ready";
  // Not awaited: whatever checks waits for this function to end first.
  fromAddress();
}

// ---- whom to trust

function names() {
  const list = (key, members) => (members.length ? t(key, { names: members.join(", ") }) : null);
  try {
    const named = call("policy", trust.policy, trust.authority);
    const parts = [t(trust.own ? "trust_own" : "trust_server"), list("trust_logs", named.logs), list("trust_authorities", named.authorities)];
    parts.push(named.quorum_none ? t("quorum_none") : list("trust_witnesses", named.witnesses));
    return { parts, good: true };
  } catch (problem) {
    return { parts: [trust.policy || trust.authority ? t("trust_bad", { problem: problem.message }) : t("trust_none")], good: false };
  }
}

function showTrust() {
  [$("policy").value, $("authority").value] = [trust.policy, trust.authority];
  const { parts, good } = names();
  $("named").textContent = parts.filter(Boolean).join(" ");
  $("named").className = good ? "" : "notice bad";
  if (!good) $("settings").open = true;
}

$("use").addEventListener("click", async () => {
  await ready;
  const before = { ...trust };
  Object.assign(trust, { policy: $("policy").value, authority: $("authority").value, own: true });
  const { parts, good } = names();
  if (!good) {
    Object.assign(trust, before);
    $("trust-notice").textContent = parts.join(" ");
    $("trust-notice").className = "notice bad";
    return;
  }
  try { localStorage.setItem("xuefen.trust", JSON.stringify({ policy: trust.policy, authority: trust.authority })); } catch { /* for this visit only */ }
  $("trust-notice").textContent = t("trust_kept");
  $("trust-notice").className = "notice";
  showTrust();
  await again();
});

$("reset").addEventListener("click", async () => {
  await ready;
  try { localStorage.removeItem("xuefen.trust"); } catch { /* nothing kept */ }
  Object.assign(trust, { ...offered, own: false });
  $("trust-notice").textContent = "";
  showTrust();
  await again();
});

// ---- the check

function verify(file, fresh) {
  const now = Math.floor(Date.now() / 1000);
  const challenge = $("challenge").value.trim();
  const bytes = challenge ? Uint8Array.from(atob(challenge), (c) => c.charCodeAt(0)) : new Uint8Array();
  const from = performance.now();
  const report = call("verify", trust.policy, trust.authority, file, now, $("age").value, fresh, $("audience").value, bytes);
  report.milliseconds = performance.now() - from;
  return report;
}

/** Asks the server for a fresh status note, if the file is of a log that the policy trusts and the user lets it. */
async function freshStatus(report) {
  const subject = report.subject;
  const passed = (step) => report.steps[step - 1].result === "pass";
  if (!$("fresh").checked) return { kind: "not_wanted" };
  if (!subject || !passed(5) || !passed(6)) return { kind: "no_reason" };
  const asked = { index: subject.index, hash: subject.leaf_hash };
  try {
    const answer = await fetch(`/status/${asked.index}/${asked.hash}`, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(5000) });
    if (answer.status === 404) return { kind: "unknown", ...asked };
    const note = answer.ok ? await answer.text() : "";
    // What is no status note at all (a sign-in page, say) is no answer; a false one is core's to judge.
    return note.startsWith("xuefen/v1/status\n") ? { kind: "answered", note, ...asked } : { kind: "silent", ...asked };
  } catch {
    return { kind: "silent", ...asked };
  }
}

async function check(file, by = null) {
  await ready;
  notice("");
  if (file.length > MAX) return notice("too_large");
  document.body.dataset.state = "checking";
  let report;
  let server;
  try {
    report = verify(file, "");
    notice("asking", {}, "notice");
    server = await freshStatus(report);
    notice("");
    if (server.kind === "answered") {
      const first = report.milliseconds;
      report = verify(file, server.note);
      report.milliseconds = Math.max(first, report.milliseconds);
    }
  } catch (problem) {
    document.body.dataset.state = "ready";
    $("settings").open = true;
    return notice("cannot_check", { problem: problem.message });
  }
  last = { file, report, server, by };
  show($("result"), last, trust);
  $("result").hidden = false;
  $("result").focus({ preventScroll: true });
  $("result").scrollIntoView({ block: "start" });
  document.body.dataset.state = "done";
}

const again = async () => (last ? check(last.file, last.by) : undefined);

function notice(key, values, kind = "notice bad") {
  $("notice").textContent = key ? t(key, values) : "";
  $("notice").className = kind;
}

// ---- ways in

const encode = (text) => new TextEncoder().encode(text);

$("file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  event.target.value = "";
  if (file) await check(new Uint8Array(await file.slice(0, MAX + 1).arrayBuffer()));
});

for (const name of ["dragenter", "dragover"]) {
  addEventListener(name, (event) => { event.preventDefault(); $("bring").classList.add("over"); });
}
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("bring").classList.remove("over"); });
addEventListener("drop", async (event) => {
  event.preventDefault();
  $("bring").classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (file) await check(new Uint8Array(await file.slice(0, MAX + 1).arrayBuffer()));
  else await fromText(event.dataTransfer.getData("text"));
});

addEventListener("paste", async (event) => {
  if (event.target.matches("input, textarea")) return;
  const file = event.clipboardData.files[0];
  if (file) await check(new Uint8Array(await file.slice(0, MAX + 1).arrayBuffer()));
  else await fromText(event.clipboardData.getData("text"));
});

$("paste").addEventListener("click", () => { $("paste-area").hidden = false; $("pasted").focus(); });
$("check").addEventListener("click", () => fromText($("pasted").value));
$("age").addEventListener("change", again);
$("fresh").addEventListener("change", again);
$("make-challenge").addEventListener("click", () => {
  $("challenge").value = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
});
for (const id of ["audience", "challenge"]) $(id).addEventListener("change", again);

/** Pasted or scanned: the file itself, or a link to this page with the file behind the #. */
async function fromText(text) {
  const trimmed = text.trim();
  if (!trimmed) return notice("nothing_there");
  const at = trimmed.startsWith("{") ? -1 : trimmed.indexOf("#");
  if (at < 0) return check(encode(trimmed));
  const fragment = trimmed.slice(at + 1);
  // Brought by hand: no need to ask whether it is meant.
  if (!fragment.startsWith(GRANT)) return fromLink(fragment);
  const host = URL.canParse(trimmed) ? new URL(trimmed).host : location.host;
  if (host !== location.host) return notice("grant_elsewhere", { host });
  return fromGrant(fragment.slice(GRANT.length));
}

// ---- a link that opens one certificate, once

const GRANT = "grant=";
let offeredCode = null;

/** Lays the code ready. It is used when somebody asks for it: programs that open links ahead of their reader would use it up. */
function offerGrant(code) {
  offeredCode = code;
  sayGrant("");
  $("grant").hidden = false;
  $("open-grant").hidden = false;
  $("open-grant").focus();
}

function sayGrant(key) {
  $("grant-notice").textContent = key ? t(key) : "";
  $("grant-notice").className = "notice bad";
}

$("open-grant").addEventListener("click", () => (offeredCode === null ? undefined : fromGrant(offeredCode)));

/** Uses a code up: it goes to this server, in the body of one request, and the file comes back. */
async function fromGrant(code) {
  await ready;
  offerGrant(code);
  $("open-grant").disabled = true;
  let answer;
  try {
    const asked = { method: "POST", body: code, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "error" };
    answer = await fetch("/verify/grant", { ...asked, signal: AbortSignal.timeout(20000) });
    answer = { status: answer.status, file: answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null };
  } catch {
    answer = { status: 0, file: null };
  }
  $("open-grant").disabled = false;
  document.body.dataset.grant = answer.status;
  if (!answer.file) return sayGrant({ 404: "grant_gone", 413: "grant_gone", 429: "grant_later", 503: "grant_later" }[answer.status] ?? "grant_silent");
  offeredCode = null;
  $("grant").hidden = true;
  return check(answer.file, "grant");
}

/** What stands behind the # of a link: the file in base64url, "gz." before it if it is packed. Never sent to any server. */
async function fromLink(fragment) {
  try {
    const packed = fragment.startsWith("gz.");
    const base64 = fragment.slice(packed ? 3 : 0).replace(/-/g, "+").replace(/_/g, "/");
    let bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    if (packed) bytes = await unpack(bytes);
    await check(bytes);
  } catch {
    await ready;
    notice("bad_link");
  }
}

async function unpack(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  for (let size = 0; size <= MAX; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Takes the file out of the address, so that it stays in no history and no bookmark. */
function fromAddress() {
  const fragment = location.hash.slice(1);
  // The way past the header is a fragment too.
  if (!fragment || document.getElementById(fragment)) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (fragment.startsWith(GRANT)) offerGrant(fragment.slice(GRANT.length));
  else fromLink(fragment);
}

addEventListener("hashchange", fromAddress);

// ---- camera

let stream = null;
$("scan").addEventListener("click", async () => {
  $("scan-area").hidden = false;
  notice("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return notice("no_camera");
  }
  $("camera").hidden = false;
  $("video").srcObject = stream;
  await $("video").play();
  await scanned(fromVideo($("video"), () => stream !== null));
});

$("picture").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  event.target.value = "";
  if (file) await scanned(fromPicture(file), "no_code");
});

/** What a code says goes the way of pasted text; a code that says something else entirely is not for this page. */
async function scanned(reading, none) {
  let text = "";
  try {
    text = await reading;
  } catch {
    none = "no_picture";
  }
  stopCamera();
  if (!text) return none && notice(none);
  if (!text.includes("#") && !text.startsWith("{")) return notice("other_code");
  return fromText(text);
}

function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  $("video").srcObject = null;
  $("camera").hidden = true;
}
$("stop").addEventListener("click", stopCamera);

onLanguage(() => {
  if (document.body.dataset.state) showTrust();
  notice("");
  if (last) show($("result"), last, trust);
});

