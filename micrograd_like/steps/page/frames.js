// Scenes that were all written beforehand: for pages that compute nothing.

/**
 * A scene with how elements look from then on.
 *
 * @typedef {Scene & { total: number, set: Record<string, Look> }} Frame
 *
 * @typedef {object} FramesData
 * @property {number} total
 * @property {Record<string, Look>} start how elements look before the first scene
 * @property {Partial<Frame>[]} steps
 */

/** @implements {Show} */
class Frames {
  /** @param {FramesData} data */
  constructor({ total, start, steps }) {
    this.total = total;
    this.count = steps.length;
    this.start = start;
    this.steps = steps;
    /** @type {Map<string, Thing>} */
    this.things = new Map();
  }

  /** @param {number} k */
  numberOf(k) {
    return this.steps[k].number ?? k + 1;
  }

  /** @param {number} k */
  phaseOf(k) {
    return this.steps[k].phase ?? "";
  }

  /**
   * @param {number} k
   * @returns {Scene}
   */
  scene(k) {
    const usual = { phase: "", equation: [], relation: "=", sum: "", remark: "" };
    return { ...usual, number: k + 1, lit: [], way: [], back: false, ...this.steps[k] };
  }

  /** @param {number} scenes */
  looks(scenes) {
    const looks = new Map(Object.entries(this.start));
    for (const { set = {} } of this.steps.slice(0, scenes))
      for (const id in set) looks.set(id, set[id]);
    return looks;
  }

  /** No element has a past to ask about here. */
  past() {
    return [];
  }
}
