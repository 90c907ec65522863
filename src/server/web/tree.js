// Draws an inclusion proof: the leaf at the bottom, at each step up its sibling beside it, the root on top.
import { count, h, t } from "./page.js";

const [ASIDE, STEP, BOX, HALF] = [112, 56, 26, 50];

/** The picture of a proof that core has checked, with its legend. The way up is drawn straight, so that it fits a telephone. */
export function tree({ index, leaf_hash, way }) {
  const height = (way.length + 1) * STEP + 24;
  const y = (level) => height - 18 - BOX - level * STEP;
  const edges = [];
  const nodes = [box(0, y(0), leaf_hash, "own")];
  way.forEach(({ sibling, left, node }, level) => {
    const x = left ? -ASIDE : ASIDE;
    const line = (from, name) => h("line", { class: name, x1: from, y1: y(level), x2: 0, y2: y(level + 1) + BOX });
    edges.push(line(x, "edge"), line(0, "edge own-edge"));
    nodes.push(box(x, y(level), sibling, "given"), box(0, y(level + 1), node, "own"));
  });
  const label = (at, text) => h("text", { class: "label", x: 0, y: at }, text);
  const labels = [label(height - 4, t("tree_entry", { index: count(index) })), label(y(way.length) - 7, t("tree_root"))];
  const width = 2 * (ASIDE + HALF + 4);
  const name = t("tree_label", { index: count(index), steps: way.length });
  const picture = h("svg", { class: "tree", role: "img", viewBox: `${-width / 2} 0 ${width} ${height}`, "aria-label": name }, edges, nodes, labels);
  return [picture, h("p", { class: "small" }, t("tree_legend"))];
}

function box(x, y, hash, role) {
  const shape = h("rect", { class: `node ${role}`, x: x - HALF, y, width: 2 * HALF, height: BOX, rx: 6 });
  return h("g", {}, h("title", {}, hash), shape, h("text", { x, y: y + 17 }, `${hash.slice(0, 12)}…`));
}
