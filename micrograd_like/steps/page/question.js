// Questions for who predicts: which leaf to ask about, and what is right.

/**
 * @typedef {"up" | "down" | "stay"} Direction
 *
 * @typedef {object} Question
 * @property {number} leaf
 * @property {number} h by how much it goes up
 * @property {number} change what that does to the loss
 * @property {number} gradient
 * @property {Direction} answer
 */

class Questions {
  static TRIES = 30; // other leaves, or other numbers
  static VARIED = 8; // of them, for another answer than twice before

  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** The leaves that were asked about, with these numbers. @type {Set<number>} */
    this.asked = new Set();
    /** What was right before. @type {Direction[]} */
    this.answers = [];
    this.seed = 1; // of the same questions at each visit
    /** What gave the leaves other numbers than the reader's. @type {Edit | null} */
    this.edit = null;
  }

  /** A number from 0 to 1, by chance (Park and Miller, 1988). */
  random() {
    this.seed = (this.seed * 48271) % 0x7fffffff;
    return this.seed / 0x7fffffff;
  }

  /**
   * A question about a leaf; null where the gradient does not tell what L does: at a kink, in a
   * valley, where nothing is defined.
   *
   * @param {number} leaf
   * @returns {Question | null}
   */
  about(leaf) {
    const { graph } = this.live;
    const [w, loss, gradient] = [graph.data[leaf], graph.data[graph.root], graph.right[leaf]];
    const size = Math.max(1, 10 ** Math.floor(Math.log10(Math.abs(w) || 1)));
    for (let h = size / 100; h > size * 1e-8; h /= 10) {
      const change = graph.valueAt(leaf, w + h) - loss;
      const isClear = gradient
        ? Math.abs(change / h - gradient) < Math.abs(gradient) / 2
        : change === 0;
      const answer = gradient > 0 ? "up" : gradient < 0 ? "down" : "stay";
      if (isClear) return { leaf, h, change, gradient, answer };
    }
    return null;
  }

  /**
   * The next question: about another leaf, or with other numbers once all have been asked about.
   *
   * The same answer three times in a row, which a reader could guess, is avoided where it can be.
   *
   * @returns {Question | null}
   */
  next() {
    for (let k = 0; k < Questions.TRIES; k++) {
      const found = this.another();
      const isThird =
        found && this.answers.slice(-2).filter((a) => a === found.answer).length === 2;
      if (found && !(isThird && k < Questions.VARIED)) return this.ask(found);
      if (!found) this.renew();
    }
    return null;
  }

  /** A question about a leaf that was not asked about. */
  another() {
    const { leaves } = this.live.graph;
    const left = leaves.filter((leaf) => !this.asked.has(leaf));
    while (left.length) {
      const [leaf] = left.splice(Math.floor(this.random() * left.length), 1);
      this.asked.add(leaf);
      const found = this.about(leaf);
      if (found) return found;
    }
    return null;
  }

  /** @param {Question} question */
  ask(question) {
    this.asked.add(question.leaf);
    this.answers.push(question.answer);
    return question;
  }

  /** Whether the numbers are those of a round, and not the reader's. */
  get isRenewed() {
    return this.edit !== null && this.live.edits.at(-1) === this.edit;
  }

  /** Put the reader's numbers back. */
  restore() {
    if (this.isRenewed) this.live.undo();
    this.edit = null;
  }

  /** Other numbers for a few leaves, and all leaves may be asked about again. */
  renew() {
    const { graph } = this.live;
    this.restore();
    this.asked.clear();
    const leaves = [...graph.leaves].sort(() => this.random() - 0.5).slice(0, 3);
    const other = (/** @type {number} */ x) => {
      const moved = x + (this.random() - 0.5) * 3 * Math.max(Math.abs(x), 0.5);
      return Number(moved.toPrecision(2));
    };
    this.live.set(new Map(leaves.map((leaf) => [leaf, other(graph.data[leaf])])));
    this.edit = /** @type {Edit} */ (this.live.edits.at(-1));
  }
}
