// The loss as a curve, step by step, with that of the run before to compare.

class LossChart {
  static MOST = 400; // points of a curve

  /** @param {Descent} descent */
  constructor(descent) {
    this.descent = descent;
    this.chart = new Chart(150, "losses");
    this.log = make("input", { type: "checkbox" });
    this.log.addEventListener("change", () => this.draw());
    const label = part("label", "", "check");
    label.append(this.log, " logarithmic");
    this.status = part("p", "", "status");
    this.status.setAttribute("role", "status");
    this.element = part("div", "", "loss-chart");
    this.element.append(this.status, this.chart.svg, label);
  }

  /** Where the steps have led to, in words. */
  get words() {
    const { losses, isContinued, loss, live } = this.descent;
    const name = live.board.names[live.graph.root].text;
    const now = `${name} = ${number(loss)}`;
    if (!isContinued) return now;
    return `step ${losses.length - 1}: ${now}, at the start ${number(losses[0])}`;
  }

  draw() {
    const { descent, chart } = this;
    const { losses, before, isContinued, loss } = descent;
    const current = isContinued ? losses : [loss];
    const others = isContinued || !losses.length ? before : losses;
    const curves = [others, current].map((curve) => thinned(curve, LossChart.MOST));
    // Of the run before only what has room: had it diverged, the new one would look flat.
    const known = curves[1].flatMap(([, y]) => (Number.isFinite(y) ? [y] : []));
    const least = Math.min(...known);
    this.log.disabled = !(least > 0);
    const isLog = this.log.checked && least > 0;
    const last = Math.max(...curves.map((curve) => curve.at(-1)?.[0] ?? 0), 1);
    const across = wholeAxis(last);
    const up = upAxis(known, isLog);
    this.status.textContent = this.words;
    chart.begin(across, up, `the loss, step by step. ${this.words}`);
    chart.curve(curves[0], "before");
    chart.curve(curves[1], "curve");
    chart.dot([current.length - 1, /** @type {number} */ (current.at(-1))], "here");
  }
}

/**
 * Losses with the numbers of their steps, so many at most.
 *
 * @param {number[]} losses
 * @param {number} most
 * @returns {ChartPoint[]}
 */
function thinned(losses, most) {
  const step = Math.ceil(losses.length / most);
  const isKept = (/** @type {number} */ k) => k % step === 0 || k === losses.length - 1;
  return losses.flatMap((y, k) => (isKept(k) ? [/** @type {ChartPoint} */ ([k, y])] : []));
}

/** An axis of steps: no part of one has a number. @param {number} last @returns {Axis} */
function wholeAxis(last) {
  const found = ticks([0, last], 5).filter((k) => k % 1 === 0);
  return { low: 0, high: last, ticks: found.map((k) => [k, number(k)]) };
}

/** An axis for losses, from 0 where they are not far from it. @param {number[]} known @param {boolean} isLog */
function upAxis(known, isLog) {
  if (!known.length) return roundAxis(0, 1, 3);
  let [low, high] = [Math.min(...known), Math.max(...known)].map(inReach);
  if (isLog) return logAxis(low === high ? low / 10 : low, high, 5);
  if (low > 0 && low < high / 2) low = 0;
  const room = (high - low) / 20;
  return roundAxis(low && low - room, high + room, 4);
}
