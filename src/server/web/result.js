// The result of a check, for a person in a hurry: the verdict, what the file says, the eight steps, and what the server was
// asked. Shows only what core answered; all values are text, never markup.
import { ago, count, fill, h, lang, mark, moment, say, t } from "./page.js";

/** Shows a report in `place`. */
export function show(place, { file, report, server, by }, trust) {
  place.dataset.result = report.result;
  place.dataset.milliseconds = report.milliseconds.toFixed(2);
  fill(place, by === "grant" && used(file), verdict(report), subject(report), steps(report), proof(report, server, trust, by));
}

/** The link is used up, so the file is all there is from now on. */
function used(file) {
  return h("section", { class: "card", id: "used" }, h("p", {}, t("grant_used")), h("button", { type: "button", id: "save", onclick: () => save(file) }, t("grant_save")));
}

function save(file) {
  const href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
  const link = h("a", { href, download: "certificate.xuefen.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}

function verdict(report) {
  const because = report.result === "pass" && report.subject?.status ? asOf(report.subject.status) : null;
  const head = h("h2", { id: "headline" }, say(report.headline));
  return h("section", { class: `card verdict ${report.result}`, "aria-labelledby": "headline" }, mark(report.result), head,
    because && h("p", {}, because), report.quorum_none && report.result !== "fail" && h("p", { class: "small" }, t("quorum_none")));
}

const asOf = (status) => t("as_of", { status: say(status.word), time: moment(status.time), ago: ago(Date.now() / 1000 - status.time) });

function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(Boolean).flatMap(([name, value, big]) => [h("dt", {}, name), h("dd", { class: big ? "big" : null }, value)]));
}

/** An institution by its name in the reader's language, else any, and by its id. */
function called(id, names) {
  const wanted = names.find(([language]) => language.startsWith(lang)) ?? names[0];
  return wanted ? `${wanted[1]} (${id})` : id;
}

/** A field as people read it; amounts in whole units. */
function value(field) {
  if (field.value === "") return t("empty");
  if (field.code === "credit_millis" && /^\d+$/.test(field.value)) return t("credits", { number: Number(field.value) / 1000 });
  if (/minutes$/.test(field.code ?? "") && /^\d+$/.test(field.value)) return t("minutes", { number: count(field.value) });
  if (["offer", "family", "recording_rule", "programme"].includes(field.code)) return t("entry_number", { index: count(field.value) });
  return field.value;
}

function fieldName(field) {
  if (!field.name) return t("field_number", { tag: field.tag });
  if (field.code === "credit_millis") return t("credit_field");
  const [en, zh] = field.name;
  return lang === "zh" ? zh : en.charAt(0).toUpperCase() + en.slice(1);
}

function subject(report) {
  const shown = report.subject;
  if (!shown) return null;
  const passed = (step) => report.steps[step - 1].result === "pass";
  const first = ["holder_name", "title", "certificate_number", "level", "achieved_on"];
  const rank = (field) => (first.indexOf(field.code) + 1 || first.length + 1);
  const fields = [...shown.disclosed].sort((a, b) => rank(a) - rank(b) || a.tag - b.tag);
  const by = shown.accredited.map(({ by, names, index }) => t("accredited_by", { by: called(by, names), index: count(index) }));
  // Of a file that failed nothing is shown as if it were so.
  const doubt = report.result === "fail" ? h("p", { class: "notice bad" }, t("claims")) : null;
  const rows = [
    [t("what"), shown.kind ? say(shown.kind) : shown.kind_code, true],
    ...fields.map((field) => [fieldName(field), value(field), field.code === "holder_name" || field.code === "title"]),
    [t("issuer"), called(shown.issuer, shown.issuer_names), true],
    passed(4) && [t("authority"), by.length ? by.join("; ") : t("not_shown")],
    [t("logged"), moment(shown.logged_at)],
    shown.status && [t("status"), asOf(shown.status)],
  ];
  const none = fields.length || !passed(2) ? null : h("p", { class: "small" }, t("no_fields"));
  return h("section", { class: "card", "aria-labelledby": "shown-title" }, h("h2", { id: "shown-title" }, t("shown_title")), doubt, facts(rows), none);
}

function steps(report) {
  const items = report.steps.map((step) =>
    h("li", { class: step.result, "data-step": step.step, "data-result": step.result, "data-code": step.code ?? "" }, mark(step.result),
      h("span", {}, `${step.step}. `, h("span", { class: "title" }, sentence(say(step.title)))), h("span", { class: "word" }, say(step.word)),
      step.reason && h("p", { class: "reason" }, sentence(say(step.reason)), " ", h("code", { class: "code" }, step.code))));
  return h("section", { class: "card", "aria-labelledby": "steps-title" }, h("h2", { id: "steps-title" }, t("steps_title")), h("ol", { class: "steps" }, items));
}

const sentence = (text) => (lang === "zh" ? text : text.charAt(0).toUpperCase() + text.slice(1));

function proof(report, server, trust, by) {
  const shown = report.subject;
  const asked = [t(by === "grant" ? "asked_grant" : "asked_file"), t(trust.own ? "asked_trust_own" : "asked_trust"),
    t(`asked_${server.kind}`, { index: server.index === undefined ? "" : count(server.index), hash: server.hash ?? "" })];
  const cosigned = shown?.cosigned.map(([name, time]) => `${name}, ${moment(time)}`) ?? [];
  const rows = shown && [
    [t("ledger"), h("code", {}, shown.ledger)],
    [t("index"), h("a", { href: `/log#${shown.index}` }, count(shown.index))],
    [t("leaf_hash"), h("code", {}, shown.leaf_hash)],
    [t("checkpoint"), t("checkpoint_text", { origin: shown.origin, size: count(shown.size) })],
    [t("root"), h("code", {}, shown.root)],
    [t("witnesses"), cosigned.length ? h("ul", { class: "plain" }, cosigned.map((line) => h("li", {}, line))) : t("no_witness")],
  ];
  return h("section", { class: "card", "aria-labelledby": "asked-title" }, h("h2", { id: "asked-title" }, t("asked_title")),
    h("ul", { class: "plain", id: "asked", "data-kind": server.kind }, asked.map((line) => h("li", {}, line))),
    rows && h("details", {}, h("summary", {}, t("proof_title")), facts(rows)),
    h("p", { class: "small" }, t("took", { milliseconds: report.milliseconds.toFixed(1) })));
}
