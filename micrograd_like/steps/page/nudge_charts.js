// The pictures of a nudge: the loss along the leaf with tangent and secant, and how far off the
// difference is for each step.

class NudgeCharts {
  constructor() {
    this.curve = new Chart(150, "along");
    this.errors = new Chart(120, "off");
    this.curveLegend = part("p", "", "legend");
    this.errorLegend = part("p", "", "legend");
    this.along = part("div");
    this.off = part("div");
    this.along.append(this.curve.svg, this.curveLegend);
    this.off.append(this.errorLegend, this.errors.svg);
  }

  /**
   * The loss from w − 2h to w + 3h.
   *
   * @param {Nudge} nudge
   * @param {Nudged} now
   * @param {{ root: string, leaf: string }} names
   */
  drawCurve(nudge, { h, there, forward }, { root, leaf }) {
    const { w, loss, gradient } = nudge;
    const [low, high] = [-2 * h, 3 * h];
    const points = nudge.curve(low, high);
    const change = there - loss;
    const tangent = [low, high].map((d) => gradient * d);
    const secant = [low, high].map((d) => forward * d);
    const [bottom, top] = seenRange(
      [0, change, ...tangent, ...secant],
      points.map(([, y]) => y),
      Math.abs(loss),
    );
    const across = offsetAxis(w, low, high, h);
    const up = offsetAxis(loss, bottom, top, change);
    const { curve } = this;
    const words = `${root} along ${leaf}: at ${number(w)} it is ${number(loss)}, at ${number(w + h)} it is ${number(there)}`;
    curve.begin(across, up, words);
    curve.curve(points, "curve");
    curve.line([low, tangent[0]], [high, tangent[1]], "tangent");
    curve.line([low, secant[0]], [high, secant[1]], "secant");
    if (Number.isFinite(change)) {
      curve.line([0, 0], [h, 0], "leg");
      curve.line([h, 0], [h, change], "leg");
    }
    curve.dot([h, change], "there");
    curve.dot([0, 0], "here");
    nameLines(this.curveLegend, [
      ["curve", root],
      ["tangent", "tangent"],
      ["secant", "secant"],
    ]);
  }

  /** @param {Nudge} nudge @param {Nudged} now @param {Nudged[]} ladder @param {{ ratio: string }} names */
  drawErrors(nudge, now, ladder, { ratio }) {
    const off = (/** @type {number} */ slope) => Math.abs(slope - nudge.gradient);
    const all = ladder.flatMap(({ forward, central }) => [off(forward), off(central)]);
    const known = all.filter((x) => x > 0 && x < Infinity);
    this.off.hidden = !known.length; // there is nothing to see
    const [least, most] = [Math.min(...known, 1), Math.max(...known, 1e-16)];
    // A difference that is exactly right lies on the floor.
    const floor = 10 ** Math.max(Math.floor(Math.log10(least)) - 1, -300);
    const across = logAxis(1e-12, 1, 5);
    const up = logAxis(floor, inReach(Math.max(most * 2, floor * 100)), 5);
    const place = (/** @type {number} */ slope) => Math.max(off(slope), floor);
    this.errors.begin(
      across,
      up,
      `how far off ${ratio} is, for each step h: at ${number(now.h)} it is ${number(off(now.forward))}`,
    );
    this.errors.line([now.h, floor], [now.h, up.high], "mark");
    this.errors.curve(
      ladder.map(({ h, central }) => [h, place(central)]),
      "central",
    );
    this.errors.curve(
      ladder.map(({ h, forward }) => [h, place(forward)]),
      "forward",
    );
    this.errors.dot([now.h, place(now.central)], "central");
    this.errors.dot([now.h, place(now.forward)], "here");
    nameLines(this.errorLegend, [
      ["forward", `off by, for each h`],
      ["central", "from both sides"],
    ]);
  }
}

/** Name the lines of a chart. @param {HTMLElement} legend @param {[string, string][]} lines */
function nameLines(legend, lines) {
  const parts = lines.flatMap(([name, words]) => {
    const line = part("i", "", name);
    line.setAttribute("aria-hidden", "true");
    const both = part("span");
    both.append(line, words);
    return [both, " "];
  });
  legend.replaceChildren(...parts);
}

/**
 * What an axis of differences shows: what has to be seen, and of a curve as much as has room.
 *
 * @param {number[]} needed
 * @param {number[]} others
 * @param {number} scale where all of them are 0
 */
function seenRange(needed, others, scale) {
  const [seen, rest] = [needed, others].map((numbers) =>
    numbers.filter(Number.isFinite).map(inReach),
  );
  let [low, high] = [Math.min(...seen), Math.max(...seen)];
  if (low === high) [low, high] = [Math.min(low, ...rest), Math.max(high, ...rest)];
  const size = high - low || inReach(scale) * 1e-3 || 1;
  for (const y of rest) {
    if (y < low && y > low - size) low = y;
    if (y > high && y < high + size) high = y;
  }
  const room = (high - low || size) / 12;
  return [low - room, high + room];
}

/**
 * An axis of differences from a number: with the numbers themselves, or what is added to it where they
 * would look the same.
 *
 * @param {number} base
 * @param {number} low
 * @param {number} high
 * @param {number} mark
 * @returns {Axis}
 */
function offsetAxis(base, low, high, mark) {
  if (high - low > 1e-3 * Math.abs(base)) {
    const found = ticks([base + low, base + high], 4);
    return { low, high, ticks: found.map((x) => [x - base, number(x)]) };
  }
  const isSeen = Number.isFinite(mark) && Math.abs(mark) > (high - low) / 8;
  const plus = `Δ ${mark < 0 ? MINUS : "+"}${general(Math.abs(mark), 2)}`;
  return {
    low,
    high,
    ticks: [[0, number(base)], ...(isSeen ? [/** @type {[number, string]} */ ([mark, plus])] : [])],
  };
}
