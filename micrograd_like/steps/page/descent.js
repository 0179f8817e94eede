// Gradient descent on the page's graph: the same numbers as `SGD` in Python.

/**
 * Steps one after the other, with no other edit in between: the loss before the first and after each,
 * and the edit that each was in, which `undo` takes back.
 *
 * @typedef {object} Run
 * @property {number[]} losses
 * @property {Edit[]} edits
 */

class Descent {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** The places of the leaves that learn. */
    this.leaves = new Set(live.graph.source.learn);
    /** The steps up to now. @type {Run} */
    this.run = { losses: [], edits: [] };
    /** The losses of the run before, to compare with. @type {number[]} */
    this.before = [];
    /** Why the last step was not taken, "" if it was. */
    this.refused = "";
    /** The losses of the edit that is being done, with the one before. @type {number[] | null} */
    this.doing = null;
    /** Whether it is one to undo with the one before. */
    this.isMore = false;
    live.on("numbers", () => {
      if (this.doing) this.keep(this.doing);
      else this.followUndo();
    });
  }

  get loss() {
    const { graph } = this.live;
    return graph.data[graph.root];
  }

  /** The loss before the first step of the run, and after each. */
  get losses() {
    return this.run.losses;
  }

  /** Whether nothing has changed the numbers since the last step. */
  get isContinued() {
    return this.run.edits.length > 0 && this.run.edits.at(-1) === this.live.edits.at(-1);
  }

  /** Why no step can be taken, "" if one can. */
  get problem() {
    const { live, leaves } = this;
    const { grads } = live.graph;
    if (live.frozen || live.board.problem) return live.frozen || live.board.problem;
    if (live.isLocked) return "a question is open: answer it first";
    if (!leaves.size) return "no leaf learns: choose one";
    if (!Number.isFinite(this.loss)) return `the loss is ${number(this.loss)}`;
    const steep = [...leaves].find((leaf) => !Number.isFinite(grads[leaf]));
    if (steep !== undefined)
      return `${gradientOf(live.board.names[steep])} is ${number(grads[steep])}`;
    return "";
  }

  /**
   * One step: each leaf moves against its gradient.
   *
   * @param {number} rate the learning rate
   * @param {boolean} [isMore] whether it is one to undo with the step before
   * @returns {boolean} whether it was taken
   */
  step(rate, isMore = false) {
    const moved = this.moved(rate, this.live.graph.grads);
    if (!moved) return false;
    this.doing = [this.loss];
    this.isMore = isMore;
    this.live.set(moved);
    this.live.turned = -1; // what is turned next is another edit
    return true;
  }

  /**
   * A step for each data point, by the gradient of its part of the loss alone.
   *
   * @param {number} rate
   * @returns {boolean} whether all were taken
   */
  epoch(rate) {
    const { graph } = this.live;
    const start = graph.data.slice();
    const losses = [this.loss];
    for (const point of graph.source.points) {
      const moved = this.moved(rate, graph.gradientsOf(point), true);
      if (!moved) break;
      for (const [leaf, x] of moved) graph.data[leaf] = x;
      graph.compute();
      losses.push(this.loss);
    }
    const moved = new Map([...this.leaves].map((leaf) => [leaf, graph.data[leaf]]));
    graph.data.set(start);
    if (losses.length === 1) return false;
    this.doing = losses;
    this.isMore = false;
    this.live.set(moved);
    this.live.turned = -1; // what is turned next is another edit
    return losses.length > graph.source.points.length;
  }

  /**
   * The leaves' numbers after a step; null if it can't be taken.
   *
   * @param {number} rate
   * @param {ArrayLike<number>} grads
   * @param {boolean} [mayStay] whether it is a step even if no leaf moves, as of one point of many
   */
  moved(rate, grads, mayStay = false) {
    this.refused = this.problem;
    if (this.refused) return null;
    const { data } = this.live.graph;
    const moved = new Map([...this.leaves].map((leaf) => [leaf, data[leaf] - rate * grads[leaf]]));
    if (![...moved.values()].every(Number.isFinite)) {
      this.refused = `a step of learning rate ${number(rate)} leaves the finite numbers`;
      return null;
    }
    if (!mayStay && [...moved].every(([leaf, x]) => x === data[leaf])) {
      this.refused = "no leaf moves any more";
      return null;
    }
    return moved;
  }

  /** The edit that was done last goes on with the run, or begins another. @param {number[]} losses */
  keep([before, ...losses]) {
    const { live, run } = this;
    this.doing = null;
    if (!run.edits.length || live.edits.at(-2) !== run.edits.at(-1)) {
      if (run.edits.length) this.before = run.losses;
      this.run = { losses: [before], edits: [] };
    } else if (this.isMore) joinLast(live.edits);
    const edit = /** @type {Edit} */ (live.edits.at(-1));
    const after = losses.length ? losses : [this.loss]; // of an epoch, or of a single step
    this.run.losses.push(...after);
    this.run.edits.push(...after.map(() => edit));
    while (!live.edits.includes(this.run.edits[0])) this.run.edits.shift(); // it can't be undone
  }

  /** Forget the steps that have been undone. */
  followUndo() {
    const { losses, edits } = this.run;
    while (edits.length && !this.live.edits.includes(/** @type {Edit} */ (edits.at(-1)))) {
      edits.pop();
      losses.pop();
    }
  }
}

/** Make one edit of the last two. @param {Edit[]} edits */
function joinLast(edits) {
  const [edit, next] = edits.splice(-2);
  for (const change of next) {
    const same = edit.find(({ leaf }) => leaf === change.leaf);
    if (same) same.to = change.to;
    else edit.push(change);
  }
  edits.push(edit);
}
