// What the panel says of a value: its numbers with all digits, its knob, the chain rule at it, its steps.

const BRANCHES =
  "What Python decided while it recorded the graph, in an if or a loop, stays as it was.";

/**
 * @param {Live} live
 * @param {number} value
 * @returns {About}
 */
function aboutValue(live, value) {
  const { graph } = live;
  const isLeaf = graph.isLeaf(value);
  const knob = isLeaf && !live.frozen ? new Knob(live, value) : null;
  return {
    title: graph.names[value],
    beside: groupLine(live, value),
    fixed: knob ? [knob.element] : [],
    write: () => knob?.write(),
    changing: () => [
      ...(isLeaf ? [] : [part("p", live.board.operation(value), "made")]),
      numbersOf(live, value),
      ...(isLeaf ? [] : passedBack(live, value)),
      ...pastOf(live, live.thing ? linesOfThing(live, live.thing) : linesOfValue(live, value)),
      ...(live.warning ? [part("p", live.warning, "note")] : []),
    ],
  };
}

/** The group that a value is in, as a button. @param {Live} live @param {number} value */
function groupLine(live, value) {
  const { names, of } = live.source.groups;
  const group = names[of[value]];
  if (group === undefined) return [];
  const line = part("span", "in ", "note");
  line.append(linkTo(group, () => live.selectGroup(group)));
  return [line];
}

/** A button that looks like a link. @param {string} words @param {() => void} press */
function linkTo(words, press) {
  const button = make("button", { type: "button", className: "link", textContent: words });
  button.addEventListener("click", press);
  return button;
}

/**
 * Numbers with all their digits.
 *
 * @param {[string, string][]} rows
 */
function digits(rows) {
  const list = part("dl", "", "digits");
  for (const [name, text] of rows) list.append(part("dt", name), part("dd", text));
  return list;
}

/** A number with all its digits, "?" where it is not defined. @param {Graph} graph @param {number} x */
function exactOr(graph, x) {
  return graph.undefinedAt >= 0 && Number.isNaN(x) ? "?" : exact(x);
}

/** @param {Live} live @param {number} value */
function numbersOf(live, value) {
  const { graph } = live;
  const far = soFar(live, value);
  /** @type {[string, string][]} */
  const rows = [[far ? "gradient at the end" : "gradient", exactOr(graph, graph.grads[value])]];
  const hasKnob = graph.isLeaf(value) && !live.frozen;
  if (!hasKnob) rows.unshift(["data", exactOr(graph, graph.data[value])]);
  if (far) rows.push(["so far", far]);
  return digits(rows);
}

/** What the picture knows at the step that it shows. @param {Live} live */
function momentOf({ player, scenes }) {
  return scenes.moment(Math.min(scenes.upto(player.at), scenes.undefinedPlace));
}

/** What is not there yet at the step that is shown. @param {Live} live @param {number} value */
function soFar(live, value) {
  const { graph } = live;
  if (graph.undefinedAt >= 0) return "";
  const moment = momentOf(live);
  if (!moment.isKnown(value)) return "not computed";
  const all = graph.uses[value];
  if (!moment.hasGradient[value]) return all || value === graph.root ? "no gradient" : "";
  const arrived = moment.arrived[value];
  if (arrived === all) return "";
  return `gradient ${exact(moment.grads[value])}, ${arrived} of ${counted(all, "product")}`;
}

/** The local derivatives of an operation, and what it passes back by them. @param {Live} live @param {number} node */
function passedBack(live, node) {
  const { board, graph } = live;
  const operands = board.operandNames(node);
  const { derivatives } = board.rule(node);
  const locals = graph.isConstant[node].flatMap((isConstant, position) => {
    if (isConstant) return [];
    const symbols = derivatives[position]?.length ? filled(derivatives[position], operands) : "";
    const local = number(graph.locals[node][position]);
    const name = partial(board.names[node], operands[position]);
    return [[name, ...new Set([symbols, local])].filter(Boolean).join(" = ")];
  });
  const list = part("ul", "", "locals");
  for (const line of locals.slice(0, MOST_LINES)) list.append(part("li", line));
  const lines = productLines(live, ({ edge }) => graph.edges[edge].node === node);
  return [part("h4", "local derivatives"), list, ...pastOf(live, lines, "passes back")];
}

/** The steps that were, and how many are to come. @param {Live} live @param {Line[]} lines @param {string} [title] */
function pastOf(live, lines, title = "its steps") {
  const { number: step = 0 } = live.player.scene ?? {};
  if (live.board.problem) return []; // the board says it
  const gone = lines.filter((line) => line.number <= step);
  const more = lines.length - gone.length;
  const words = more ? `${counted(more, "more step")} to come` : "nothing more to come";
  const earlier = gone.length - MOST_LINES;
  return [
    part("h4", title),
    ...(earlier > 0 ? [part("p", `${counted(earlier, "earlier step")}, then`, "note")] : []),
    lineList(live, gone),
    part("p", words, "note"),
  ];
}
