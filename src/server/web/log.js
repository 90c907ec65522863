// The page about the log: newest checkpoint and what it was before, witnesses, growth, and an entry with its proof, each
// checked by core in this browser as far as it can be. Remembers one checkpoint on this device.
import { ago, count, fill, h, mark, moment, onLanguage, t } from "./page.js";
import { call, load } from "./core.js";
import { texts } from "./texts.js";
import { tree } from "./tree.js";

const $ = (id) => document.getElementById(id);
const state = { policy: "", newest: null, since: null, growth: null, standings: [], entry: null };
/** Leaf hashes searched, at most, when an entry is looked up by its hash: tiles of 256. */
const MAX_TILES = 200;

async function get(path, kind = "text") {
  try {
    const answer = await fetch(path, { cache: "no-cache", credentials: "omit" });
    if (!answer.ok) return { status: answer.status, body: null };
    return { status: answer.status, body: kind === "bytes" ? new Uint8Array(await answer.arrayBuffer()) : await answer[kind]() };
  } catch {
    return { status: 0, body: null };
  }
}

const kept = () => { try { return JSON.parse(localStorage.getItem("xuefen.checkpoint")); } catch { return null; } };
const keep = (note) => { try { localStorage.setItem("xuefen.checkpoint", JSON.stringify({ note, time: Math.floor(Date.now() / 1000) })); } catch { /* not kept */ } };

/** Whether the log has only grown since this browser last looked. A log that has not is not remembered: the old checkpoint is
 *  the evidence. */
async function since(note, newest) {
  const before = kept();
  const old = before && call("checkpoint", state.policy, before.note);
  if (!before || old.origin !== newest.origin || old.result !== "OK") {
    keep(note);
    return { kind: "first" };
  }
  const answer = await get(`/log/consistency/${old.size}`);
  const at = answer.body === null ? -1 : answer.body.startsWith("\n") ? 0 : answer.body.indexOf("\n\n") + 1;
  const [proof, fresh] = at < 0 ? ["", note] : [answer.body.slice(0, at), answer.body.slice(at + 1)];
  const checked = call("consistency", state.policy, before.note, fresh, proof);
  if (checked.result === "OK") keep(fresh);
  return { kind: checked.result === "OK" ? (checked.old === checked.new ? "same" : "ok") : "bad", code: checked.result, old: checked.old, more: checked.new - checked.old, time: before.time, note: before.note };
}

async function start() {
  const [policy, checkpoint, growth, standings] = await Promise.all(
    [get("/verify/policy.txt"), get("/checkpoint"), get("/log/growth.json", "json"), get("/log/witnesses.json", "json"), load()]);
  state.policy = policy.body ?? "";
  if (checkpoint.body && state.policy) {
    state.newest = { note: checkpoint.body, ...call("checkpoint", state.policy, checkpoint.body) };
    if (state.newest.result === "OK") state.since = await since(checkpoint.body, state.newest);
  }
  state.growth = growth.body;
  state.standings = standings.body?.witnesses ?? [];
  say();
  document.body.dataset.state = "ready";
  await fromAddress();
}

function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(Boolean).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

const judged = (good, text) => h("p", { class: `judged ${good ? "pass" : "fail"}`, "data-good": String(good) }, mark(good ? "pass" : "fail"), h("span", {}, text));

function say() {
  const { newest, since, growth } = state;
  if (!newest) {
    fill($("newest"), h("p", { class: "notice bad" }, t("unreachable")));
    return;
  }
  const good = newest.result === "OK";
  fill($("newest"), judged(good, good ? t("checked_ok") : t("checked_bad", { code: newest.result })),
    facts([[t("origin"), h("code", {}, newest.origin)], [t("entries"), h("strong", { id: "size" }, count(newest.size))], [t("root"), h("code", {}, newest.root)],
      since && [t("since"), sinceText(since)]]),
    since?.kind === "bad" && h("details", {}, h("summary", {}, t("kept_title")), h("pre", { class: "scroll mono" }, since.note)),
    h("details", {}, h("summary", {}, t("note_title")), h("pre", { class: "scroll mono" }, newest.note)));
  fill($("witnesses"), witnesses(newest));
  fill($("growth"), growth?.points?.length ? chart(growth) : h("p", {}, t("growth_none")));
  if (state.entry) showEntry();
}

function sinceText({ kind, old, more, time, code }) {
  const values = { size: count(old ?? 0), old: count(old ?? 0), more: count(more ?? 0), time: time ? moment(time) : "", code };
  const text = t(`since_${kind}`, values);
  return kind === "bad" ? h("strong", { class: "notice bad" }, text) : h("span", { "data-since": kind }, text);
}

/** What each witness signed, as far as it is checked here, and where it stands, as the server says. The server may ask witnesses
 *  whom the policy that was read here does not name yet, or no longer. */
function witnesses({ witnesses }) {
  const names = [...new Set([...witnesses.map(([name]) => name), ...state.standings.map(({ name }) => name)])];
  if (!names.length) return h("p", {}, t("no_witnesses"));
  const row = (name) => {
    const signed = witnesses.find(([other]) => other === name);
    const known = state.standings.find((other) => other.name === name);
    const checked = signed === undefined ? t("not_in_policy") : signed[1] === null ? t("not_cosigned") : moment(signed[1]);
    return h("tr", { "data-witness": name, "data-lag": known?.lag, "data-problem": known?.problem }, h("td", {}, name), h("td", { "data-label": t("cosigned") }, checked), h("td", { "data-label": t("lag") }, known ? stands(known) : t("not_asked_by_server")));
  };
  const head = h("thead", {}, h("tr", {}, ["witness", "cosigned", "lag"].map((key) => h("th", { scope: "col" }, t(key)))));
  return [h("div", { class: "scroll" }, h("table", {}, head, h("tbody", {}, names.map(row)))), h("p", { class: "small" }, t("witness_note"))];
}

function stands({ size, time, lag, problem, since, alarm }) {
  const now = Date.now() / 1000;
  const newest = size ? t(lag ? "lag_behind" : "lag_none", { lag: count(lag), size: count(size), ago: ago(now - time) }) : t("lag_never");
  const wrong = problem && h("p", { class: alarm ? "notice bad" : "small" }, t("problem_since", { problem: t(`problem_${problem}`), time: moment(since), code: problem }));
  return [newest, wrong];
}

/** Size over time, a point for every 64th part of the log. */
function chart({ size, points }) {
  const [width, height] = [640, 160];
  const [from, to] = [points[0][1], points[points.length - 1][1]];
  const x = (time) => ((time - from) / Math.max(1, to - from)) * width;
  const y = (entries) => height - 1 - (entries / Math.max(1, size)) * (height - 4);
  const steps = points.flatMap(([entries, time], at) => [`${x(time)},${at ? y(points[at - 1][0]) : height}`, `${x(time)},${y(entries)}`]);
  const line = [...steps, `${width},${y(size)}`].join(" ");
  const text = t("growth_text", { size: count(size), from: moment(from), to: moment(to) });
  if (from === to) return h("p", {}, text);
  const picture = h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
    h("polygon", { class: "area", points: `${line} ${width},${height}` }), h("polyline", { class: "line", points: line }),
    h("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }));
  return [picture, h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, moment(from)), h("span", {}, moment(to))), h("p", { class: "small" }, text)];
}

// ---- one entry

$("find").addEventListener("submit", (event) => {
  event.preventDefault();
  look($("wanted").value.trim());
});

function notice(key, values) {
  const text = key ? t(key, values) : "";
  $("found-notice").textContent = text;
}

async function look(wanted) {
  state.entry = null;
  fill($("found"));
  notice("");
  const hash = /^[0-9a-f]{64}$/i.test(wanted) ? wanted.toLowerCase() : null;
  if (!hash && !/^\d{1,16}$/.test(wanted)) return notice("find_form");
  $("wanted").value = wanted;
  const index = hash ? await search(hash) : Number(wanted);
  if (index === null) return;
  const [entry, receipt] = await Promise.all([get(`/log/entry/${index}`, "bytes"), get(`/log/proof/${index}`)]);
  if (entry.status === 404) return notice("find_none");
  if (!entry.body || !receipt.body) return notice("unreachable");
  state.entry = { ...call("entry", state.policy, entry.body, receipt.body), asked: index };
  showEntry();
  $("found").focus({ preventScroll: true });
  document.body.dataset.entry = state.entry.result;
}

function showEntry() {
  const { result, asked, leaf_hash, size, way, says } = state.entry;
  // A proof of another entry than the one asked for is no answer.
  const good = result === "OK" && state.entry.index === asked;
  const kind = says && (`kind_${says.kind}` in texts ? t(`kind_${says.kind}`) : (says.kind ?? "").replaceAll("_", " "));
  fill($("found"), h("h3", {}, t("tree_entry", { index: count(asked) })),
    judged(good, good ? t("proof_ok", { index: count(asked), size: count(size), steps: way.length }) : t("proof_bad", { code: result })),
    facts([says && [t("kind"), kind], says && [t("issuer"), says.issuer], says && [t("private"), t(says.private ? "private_yes" : "private_no")], says && [t("logged"), moment(says.logged_at)],
      says && [t("attestations"), says.attestations], says && [t("bytes"), t("bytes_text", { bytes: count(says.bytes) })], [t("leaf_hash"), h("code", {}, leaf_hash)]]),
    good && tree(state.entry));
}

/** Finds the index of a leaf hash in the log's tiles (C2SP tlog-tiles), newest first. */
async function search(hash) {
  const size = state.newest?.size ?? 0;
  const tiles = Math.ceil(size / 256);
  for (let tile = tiles - 1; tile >= Math.max(0, tiles - MAX_TILES); tile--) {
    notice("find_searching", { index: count(Math.min(size, (tile + 1) * 256)) });
    const width = Math.min(256, size - tile * 256);
    const { status, body } = await get(`/tile/0/${number(tile)}${width < 256 ? `.p/${width}` : ""}`, "bytes");
    if (status === 0) return notice("unreachable"), null;
    // Whatever answers with anything else than the tile does not serve tiles.
    if (body?.length !== 32 * width) return notice("find_tiles"), null;
    for (let at = 0; at < width; at++) {
      const digits = Array.from(body.subarray(32 * at, 32 * at + 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (digits === hash) return notice(""), tile * 256 + at;
    }
  }
  notice(tiles > MAX_TILES ? "find_far" : "find_none", { count: count(MAX_TILES * 256) });
  return null;
}

/** A tile's number in its path: groups of three digits, all but the last behind an x. */
function number(tile) {
  const digits = String(tile);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  return padded.replace(/(\d{3})(?=\d)/g, "x$1/");
}

/** The entry that the address names behind its #. The way past the header is a fragment too. */
async function fromAddress() {
  const fragment = location.hash.slice(1);
  if (fragment && !document.getElementById(fragment)) await look(fragment);
}

addEventListener("hashchange", fromAddress);
onLanguage(() => { if (document.body.dataset.state) say(); });
start();
