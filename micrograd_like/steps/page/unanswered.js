// The picture while the reader predicts: the numbers of the forward pass, and no gradient.

/** @implements {Show} */
class Unanswered {
  /** @param {Scenes} scenes @param {string} words the question @param {number} leaf that it is about */
  constructor(scenes, words, leaf) {
    this.scenes = scenes;
    this.words = words;
    this.total = scenes.total;
    this.count = scenes.count;
    this.things = scenes.things;
    const node = scenes.view.nodes.findIndex(([, outputs]) => outputs.includes(leaf));
    this.lit = node < 0 ? [] : [`n${node}`, ...scenes.cells("d", node)];
  }

  /** @param {number} k */
  numberOf(k) {
    return this.scenes.numberOf(k);
  }

  phaseOf() {
    return "predict";
  }

  /** Every step asks the same. @param {number} k @returns {Scene} */
  scene(k) {
    const remark = "answer in the panel; until then gradients are hidden, and numbers stay";
    const words = { phase: "predict", equation: [this.words], relation: "=", sum: "", remark };
    return { ...words, number: this.numberOf(k), lit: this.lit, way: [], back: false };
  }

  looks() {
    /** @type {Map<string, Look>} */
    const looks = new Map();
    const { scenes } = this;
    const forward = new Moment(scenes.graph);
    forward.count = scenes.graph.operations.length;
    scenes.view.nodes.forEach((_, k) => {
      scenes.dataLook(looks, forward, k);
      scenes.gradientLooks(looks, forward, k);
    });
    return looks;
  }

  past() {
    return [];
  }
}
