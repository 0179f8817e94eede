// The leaves to learn, to be chosen: one by one, or by groups where there are many.

class LearnerList {
  static MOST = 40; // leaves with a box of their own

  /** @param {Descent} descent @param {() => void} change is called when others learn */
  constructor(descent, change) {
    this.descent = descent;
    this.change = change;
    this.element = part("details", "", "learners");
    this.summary = part("summary");
    const list = part("div", "", "boxes");
    const all = this.button("all", () => this.choose(descent.live.graph.leaves, true));
    const none = this.button("none", () => this.choose(descent.live.graph.leaves, false));
    this.rows = this.grouped().map(([name, leaves]) => {
      const box = make("input", { type: "checkbox" });
      box.addEventListener("change", () => this.choose(leaves, box.checked));
      const label = part("label", "", "check");
      label.append(box, ` ${name}`);
      list.append(label);
      return { box, leaves };
    });
    this.element.append(this.summary, all, " ", none, list);
    this.refresh();
  }

  /** @param {string} words @param {() => void} press */
  button(words, press) {
    const made = make("button", { type: "button", textContent: words });
    made.addEventListener("click", press);
    return made;
  }

  /** The leaves by name, or by what stands before the last dot. @returns {[string, number[]][]} */
  grouped() {
    const { leaves, names } = this.descent.live.graph;
    if (leaves.length <= LearnerList.MOST) return leaves.map((leaf) => [names[leaf], [leaf]]);
    /** @type {Map<string, number[]>} */
    const groups = new Map();
    for (const leaf of leaves) {
      const group = names[leaf].replace(/\.?[^.]*$/, "");
      groups.set(group, [...(groups.get(group) ?? []), leaf]);
    }
    return [...groups].map(([group, members]) => [groupName(group, members, names), members]);
  }

  /** @param {number[]} leaves @param {boolean} isOn */
  choose(leaves, isOn) {
    for (const leaf of leaves) {
      if (isOn) this.descent.leaves.add(leaf);
      else this.descent.leaves.delete(leaf);
    }
    this.refresh();
    this.change();
  }

  refresh() {
    const { leaves, live } = this.descent;
    const count = live.graph.leaves.length;
    this.summary.textContent = `${leaves.size} of ${count} ${count === 1 ? "leaf learns" : "leaves learn"}`;
    for (const { box, leaves: its } of this.rows) {
      const learning = its.filter((leaf) => leaves.has(leaf)).length;
      box.checked = learning === its.length;
      box.indeterminate = learning > 0 && !box.checked;
    }
  }
}

/** What several leaves are called together. @param {string} group @param {number[]} members @param {string[]} names */
function groupName(group, members, names) {
  if (members.length === 1) return names[members[0]];
  return group ? `${group} (${members.length})` : `${members.length} without a group`;
}
