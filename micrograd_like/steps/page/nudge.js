// The loss along one leaf, and what finite differences make of it.

/**
 * @typedef {object} Nudged
 * @property {number} h
 * @property {number} there the loss at w + h
 * @property {number} back the loss at w − h
 * @property {number} forward (L(w + h) − L(w)) / h
 * @property {number} central (L(w + h) − L(w − h)) / 2h
 */

class Nudge {
  static POINTS = 120; // of a curve, fewer for a large graph
  static WORK = 300_000; // operations that a picture may take

  /** @param {Graph} graph @param {number} leaf */
  constructor(graph, leaf) {
    this.graph = graph;
    this.leaf = leaf;
    this.w = graph.data[leaf];
    // Of the leaf's number now, which is another than the recorded one if the data have changed.
    this.loss = graph.isRecorded ? graph.valueAt(leaf, this.w) : graph.data[graph.root];
    this.gradient = graph.grads[leaf];
    const each = Math.max(1, graph.dependents(leaf).length);
    /** What part of the loss is rounding, about: that of its operations partly cancels. */
    this.rounding = 2 ** -53 * Math.sqrt(each);
    this.most = Math.max(24, Math.min(Nudge.POINTS, Math.floor(Nudge.WORK / each)));
  }

  /** The loss with another number for the leaf. @param {number} x */
  at(x) {
    return this.graph.valueAt(this.leaf, x);
  }

  /** @param {number} h @returns {Nudged} */
  by(h) {
    const [there, back] = [this.at(this.w + h), this.at(this.w - h)];
    const forward = (there - this.loss) / h;
    return { h, there, back, forward, central: (there - back) / (2 * h) };
  }

  /**
   * The loss around the leaf, as differences from here, which stay exact however near they are.
   *
   * @param {number} from
   * @param {number} to
   * @returns {ChartPoint[]}
   */
  curve(from, to) {
    return Array.from({ length: this.most + 1 }, (_, k) => {
      const d = from + ((to - from) * k) / this.most;
      return [d, this.at(this.w + d) - this.loss];
    });
  }

  /** The differences for steps from 10⁻¹² to 1, three or more to a power of 10. */
  ladder() {
    const each = Math.max(1, Math.min(3, Math.floor(this.most / 24)));
    return Array.from({ length: 12 * each + 1 }, (_, k) => {
      const power = Math.floor(k / each) - 12;
      return this.by(Number(`${[1, 2, 5][Math.round(((k % each) * 3) / each)]}e${power}`));
    });
  }
}
