// What each step of a descent says and shows: as micrograd_like/steps/descent_page.py writes it.

const PRODUCT = 6; // how strongly a product holds together: micrograd_like/notation.py
const HIDDEN_LOOK = { visibility: "hidden" };

/** Two scenes a step, the slope and the step against it; steps that are to come stay in sight. */
class WayFrames extends Frames {
  /** @param {DescentData} data @param {Place} place @param {Walk} way */
  constructor(data, place, way) {
    const writer = new WayWriter(data, place, way);
    const steps = way.steps.flatMap((step) => [writer.slope(step), writer.hop(step)]);
    super({ total: way.steps.length, start: writer.start(), steps });
    /** The paths of the steps. */
    this.ways = way.steps.map((step) => writer.path(step));
    this.told = writer.told();
    this.problem = way.problem;
    this.title = put(data.words.title, { rate: number(way.rate) });
  }

  /** Why there is no way from this start. */
  problemAt() {
    return this.problem;
  }

  /** @param {number} scenes */
  looks(scenes) {
    const looks = super.looks(scenes);
    this.ways.forEach((d, k) => {
      const id = hopId(k + 1);
      looks.set(id, { class: "ahead", ...looks.get(id), d });
    });
    return looks;
  }
}

class WayWriter {
  /** @param {DescentData} data @param {Place} place @param {Walk} way */
  constructor(data, place, way) {
    this.data = data;
    this.words = data.words;
    this.place = place;
    this.way = way;
    this.isCurve = data.names.length === 1;
  }

  // --- words

  /** The whole way. */
  told() {
    const { words, way } = this;
    if (!way.steps.length) return "";
    const told = put(words.whole, {
      count: `${way.steps.length} ${way.steps.length === 1 ? "step" : "steps"}`,
      at: this.numbers(way.start),
      error: number(way.error),
      after: this.arrived(/** @type {WayStep} */ (way.steps.at(-1))),
    });
    const early = way.ended ? put(words.early, { why: way.ended }) : "";
    return told + early + (this.place.has(this.at(way.start, way.error)) ? "" : words.outside);
  }

  /** Where the weights are. @param {number[]} point */
  numbers(point) {
    return point
      .map((x, k) => put(this.words.number, { name: this.data.names[k], number: number(x) }))
      .join(", ");
  }

  /** @param {WayStep} step */
  arrived({ after }) {
    return Number.isNaN(after) ? this.words.nowhere : number(after);
  }

  /** w − rate · slope. @param {Term} at @param {Term} slope */
  rule(at, slope) {
    const { difference, product } = this.data;
    const text = filled(product, [numberTerm(this.way.rate), slope]);
    return filled(difference, [at, { text, strength: PRODUCT }]);
  }

  // --- scenes

  /** How elements look before the first step. @returns {Record<string, Look>} */
  start() {
    const { start, error } = this.way;
    return { here: this.circle(start, error) ?? HIDDEN_LOOK, slope: HIDDEN_LOOK };
  }

  /** The slope where the weights are, and which way it tells them to go. @param {WayStep} step @returns {Partial<Frame>} */
  slope(step) {
    const { words, data } = this;
    const ways = step.gradient.map((x, k) =>
      put(x > 0 ? words.down : x < 0 ? words.up : words.stays, { name: data.names[k] }),
    );
    const remark = put(words.slope, {
      at: this.numbers(step.point),
      error: number(step.error),
      ways: ways.join(", "),
    });
    const equation = [vectorOf(data.slopes), vectorOf(step.gradient.map(number))];
    return { number: step.number, phase: "slope", equation, remark, set: this.arrow(step) };
  }

  /** The step against the slope. @param {WayStep} step @returns {Partial<Frame>} */
  hop(step) {
    const { words, data, way } = this;
    const after = this.arrived(step);
    const isLast = step.number === way.steps.length;
    const remark =
      put(words.became, { error: number(step.error), after }) +
      put(words.rate, { rate: number(way.rate) }) +
      (isLast && way.ended ? put(words.ends, { why: way.ended }) : "");
    const equation = [
      vectorOf(data.names),
      this.rule(vectorTerm(data.names, ATOM), vectorTerm(data.slopes, SIGN)),
      this.rule(numbersTerm(step.point), numbersTerm(step.gradient)),
      vectorOf(step.moved.map(number)),
    ];
    const id = hopId(step.number);
    const here = this.circle(step.moved, step.after);
    /** @type {Record<string, Look>} */
    const set = { [id]: { class: "gone" }, slope: HIDDEN_LOOK, ...(here && { here }) };
    return { number: step.number, phase: "step", equation, relation: "←", remark, lit: [id], set };
  }

  // --- the picture

  /** Where a point is: on the curve, or on the surface from above. @param {number[]} point @param {number} error */
  at(point, error) {
    return this.isCurve ? [point[0], error] : point;
  }

  /** @param {number[]} point @param {number} error */
  circle(point, error) {
    const at = this.at(point, error);
    if (!at.every(Number.isFinite)) return null;
    const [cx, cy] = this.place.of(at).map((x) => fixed(x, 1));
    return { cx, cy };
  }

  /** The path of a step: of one weight first along its axis, then down to the curve. @param {WayStep} step */
  path({ point, error, moved, after }) {
    const [from, to] = [this.at(point, error), this.at(moved, after)];
    const all = this.isCurve ? [from, [to[0], from[1]], to] : [from, to];
    const points = all.filter((at) => at.every(Number.isFinite)).map((at) => this.place.of(at));
    const text = points.map((at) => at.map((x) => fixed(x, 1)).join(" ")).join(" L");
    return text && `M${text}`;
  }

  /** The tangent of a curve, which goes both ways, or of a surface the gradient, uphill. @param {WayStep} step @returns {Record<string, Look>} */
  arrow({ point, error, gradient }) {
    const towards = this.place.direction(gradient);
    const at = this.at(point, error);
    if (!towards || !at.every(Number.isFinite)) return {};
    const [x, y] = this.place.of(at);
    const [dx, dy] = towards;
    const back = this.isCurve ? 1 : 0;
    const ends = { x1: x - back * dx, y1: y - back * dy, x2: x + dx, y2: y + dy };
    const look = Object.fromEntries(Object.entries(ends).map(([k, z]) => [k, fixed(z, 1)]));
    const [slope] = gradient;
    const sign = slope > 0 ? "positive" : "negative";
    return { slope: { ...look, ...(back ? { class: sign } : { "marker-end": "url(#head)" }) } };
  }
}

/** The id of the path of a step, counted from 1. @param {number} place */
function hopId(place) {
  return `t${place}`;
}

/** A text on its own, or several in brackets. @param {string[]} texts */
function vectorOf(texts) {
  return texts.length === 1 ? texts[0] : `(${texts.join(", ")})`;
}

/** The same among others. @param {string[]} texts @param {number} strength of one on its own @returns {Term} */
function vectorTerm(texts, strength) {
  return { text: vectorOf(texts), strength: texts.length === 1 ? strength : ATOM };
}

/** @param {number[]} numbers */
function numbersTerm(numbers) {
  return numbers.length === 1 ? numberTerm(numbers[0]) : vectorTerm(numbers.map(number), ATOM);
}
