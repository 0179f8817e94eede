// The data points in a picture: of each its class by shape and colour, and whether it is answered right.

class Points {
  /** @param {TrainingData} data @param {Plot} plot @param {[Float64Array, Float64Array]} places */
  constructor(data, plot, places) {
    this.data = data;
    this.plot = plot;
    this.places = places;
    this.layer = svgPart("g", { class: "points" });
    const { count, held } = data.points;
    /** @type {SVGElement[]} */
    this.marks = Array.from({ length: count }, (_, k) => {
      const mark = svgPart("path", { d: this.shape(k), style: `--ink:${this.colour(k)}` });
      if (k >= count - held) mark.classList.add("held");
      return mark;
    });
    this.layer.append(...this.marks);
    plot.layer.append(this.layer);
  }

  /** @param {number} k */
  shape(k) {
    const place = this.data.points.places[k] ?? 0;
    return POINT_SHAPES[place % POINT_SHAPES.length];
  }

  /** @param {number} k */
  colour(k) {
    const { points, answers } = this.data;
    if (answers.kind !== "map" && !points.places.length) return "var(--negative)";
    if (answers.labels.length) return classColour(points.places[k], answers);
    return signedColour(strengthOf(points.targets[k], answers));
  }

  /** Put the points where they belong in a picture of this size. */
  place() {
    const [xs, ys] = this.places;
    this.marks.forEach((mark, k) => {
      const [x, y] = [this.plot.x(xs[k]), this.plot.y(ys[k])];
      mark.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    });
  }

  /** Ring those that are answered wrong. @param {boolean[]} isWrong */
  ring(isWrong) {
    this.marks.forEach((mark, k) => {
      mark.classList.toggle("wrong", isWrong[k] ?? false);
    });
  }
}

/** The colour of a class: of two, what is below the border and what is above. @param {number} place @param {AnswersData} answers */
function classColour(place, { outputs }) {
  if (outputs === 1) return place ? "var(--positive)" : "var(--negative)";
  return `var(--class${place % 5})`;
}

/** @param {number} strength from -1 to 1 */
function signedColour(strength) {
  const part = (100 * Math.abs(strength)).toFixed(0);
  return `color-mix(in srgb, var(--${strength < 0 ? "negative" : "positive"}) ${part}%, var(--box))`;
}

/** How strongly an output is coloured, from -1 to 1. @param {number} output @param {AnswersData} answers */
function strengthOf(output, { centre, half, squashed }) {
  const x = (output - centre) / half;
  return squashed ? Math.tanh(x) : Math.max(-1, Math.min(1, x));
}

/** The place of the class that outputs tell. @param {number[]} outputs */
function classOf(outputs) {
  return outputs.length === 1 ? Number(outputs[0] > 0) : outputs.indexOf(Math.max(...outputs));
}

/** Which points are answered wrong; none of a regression. @param {TrainingData} data @param {Answers} answers */
function wrongs({ points }, answers) {
  return points.places.map((place, k) => classOf(answers.points.map((of) => of[k])) !== place);
}
