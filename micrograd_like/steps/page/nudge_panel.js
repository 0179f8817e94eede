// The tool that nudges: a leaf moves by h, and the loss answers.

class NudgePanel {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    this.element = part("section", "", "nudge");
    const { leaves, names } = live.graph;
    this.leaf = live.graph.source.learn[0] ?? leaves[0];
    this.choice = make("select");
    this.choice.append(...leaves.map((leaf) => new Option(names[leaf], String(leaf))));
    this.choice.addEventListener("change", () => this.choose(Number(this.choice.value)));
    const label = part("label", "leaf ");
    this.number = part("output");
    label.append(this.choice);
    const leaf = part("p", "", "leaf");
    leaf.append(label, " ", this.number);
    this.step = new LogField({
      name: "step h",
      symbol: "h",
      powers: [-12, 0],
      value: 0.5,
      change: () => this.refresh(),
    });
    this.table = part("dl", "", "slopes");
    this.sentence = part("p", "", "sentence");
    this.sentence.setAttribute("role", "status");
    this.charts = new NudgeCharts();
    const { along, off } = this.charts;
    this.pictures = [this.table, along, off];
    this.step.element.prepend(leaf);
    // The sentence is next to the knob, so that both are seen while it turns.
    this.element.append(this.step.element, this.sentence, this.table, along, off);
    this.frame = 0;
    live.on("numbers", () => this.refresh());
    live.on("select", () => {
      if (live.selected >= 0 && live.graph.isLeaf(live.selected)) this.choose(live.selected);
    });
  }

  /** @param {number} leaf */
  choose(leaf) {
    this.leaf = leaf;
    this.choice.value = String(leaf);
    this.refresh();
  }

  /** Draw it all anew, once for all that changes at a time. */
  refresh() {
    if (this.element.hidden) return;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { live, step } = this;
    const { graph, board, problem } = live;
    const names = slopeNames(board.names[graph.root], board.names[this.leaf]);
    const isShort = names.leaf !== board.names[this.leaf].text;
    this.number.textContent = `${isShort ? names.leaf : ""} = ${exact(graph.data[this.leaf])}`;
    for (const it of this.pictures) it.hidden = Boolean(problem);
    if (problem) {
      this.sentence.textContent = problem;
      return;
    }
    const nudge = new Nudge(graph, this.leaf);
    const now = nudge.by(step.value);
    const ladder = nudge.ladder();
    this.tell(nudge, now, names);
    this.sentence.textContent = nudgeWords(nudge, now, ladder, names, graph.isRightOrder);
    this.charts.drawCurve(nudge, now, names);
    this.charts.drawErrors(nudge, now, ladder, names);
  }

  /** The numbers. @param {Nudge} nudge @param {Nudged} now @param {ReturnType<typeof slopeNames>} names */
  tell(nudge, now, names) {
    const { leaf, root } = names;
    const slope = (/** @type {number} */ x) => (Number.isNaN(x) ? "not defined" : exact(x));
    const off = (/** @type {number} */ x) => {
      const apart = x - nudge.gradient;
      return Number.isNaN(apart) ? "" : `off by ${number(apart)}`;
    };
    const move = `(${root}(${leaf} + h) − ${root}(${leaf}`;
    const rows = [
      [part("b", names.partial), exact(nudge.gradient), "given"],
      [part("b", names.ratio), slope(now.forward), "measured"],
      [`${move})) / h`, off(now.forward), "off"],
      ["from both sides", slope(now.central), "measured"],
      [`${move} − h)) / 2h`, off(now.central), "off"],
    ];
    this.table.replaceChildren(
      ...rows.map(([words, x, name]) => {
        const [row, term] = [part("div", "", String(name)), part("dt")];
        term.append(words);
        row.append(term, part("dd", String(x)));
        return row;
      }),
    );
  }
}

const SHORT_NAME = /^[\p{L}_][\p{L}\p{N}_]{0,5}$/u;

/** What a nudge calls its values and slopes: of a dotted name the last part, if it is short. @param {Term} root @param {Term} leaf */
function slopeNames(root, leaf) {
  const [of, by] = [root, leaf].map((name) => {
    const last = name.text.slice(name.text.lastIndexOf(".") + 1);
    return SHORT_NAME.test(last) ? { text: last, strength: ATOM } : name;
  });
  const [top, bottom] = [of, by].map((name) => within(name, ATOM));
  return { root: top, leaf: bottom, partial: partial(of, by), ratio: `Δ${top}/Δ${bottom}` };
}

/**
 * @param {Live} live
 * @returns {Panel}
 */
function nudgePanel(live) {
  const panel = new NudgePanel(live);
  return {
    id: "nudge",
    title: "nudge",
    key: "n",
    element: panel.element,
    takesSelection: true,
    open: () => {
      const { selected, graph } = live;
      panel.choose(selected >= 0 && graph.isLeaf(selected) ? selected : panel.leaf);
    },
  };
}
