// The picture of the answers, by the number of inputs: a map, a curve, predicted by target, a table.

/**
 * @typedef {object} Picture
 * @property {string} title
 * @property {() => void} resize
 * @property {() => void} draw the answers as they are now
 * @property {(place: number | null) => void} [look] at another value of the network
 */

/** The model's plane in colours, its border, and the points. @implements {Picture} */
class AnswerMap {
  static FINE = 144; // places of each axis

  title = "what the model answers";

  /** @param {HTMLElement} root @param {TrainingData} data @param {Answers} answers @param {Palette} palette */
  constructor(root, data, answers, palette) {
    this.data = data;
    this.answers = answers;
    this.palette = palette;
    const [across, up] = data.answers.window;
    this.plot = new Plot(root, across, up, [data.inputs[0], data.inputs[1]]);
    /** The picture is finer than what is computed for it. */
    this.parts = Math.ceil(AnswerMap.FINE / (answers.side - 1));
    this.side = this.parts * (answers.side - 1) + 1;
    this.field = new Field(this.side);
    this.border = svgPart("path", { class: "border" });
    this.plot.layer.append(this.border);
    const rows = unpacked(data.points.rows);
    const [xs, ys] = [0, 1].map((k) => rows.filter((_, at) => at % 2 === k));
    this.points = new Points(data, this.plot, [xs, ys]);
    /** The value of the network that is looked at; null for the answer. @type {number | null} */
    this.place = null;
  }

  /** @param {number | null} place */
  look(place) {
    this.place = place;
    this.draw();
  }

  resize() {
    if (!this.plot.resize()) return;
    this.points.place();
    this.draw();
  }

  draw() {
    const inside = this.place === null ? null : this.answers.inside(this.place);
    const { answers } = this.data;
    const all = answers.labels.length ? this.answers.grid : [this.answers.grid[0]];
    const grid = (inside ? [inside] : all).map((of) => {
      return refined(of, this.answers.side, this.parts);
    });
    const strength = inside
      ? insideStrength(inside)
      : (/** @type {number} */ x) => strengthOf(x, answers);
    this.field.fill(coloursOf(grid, strength, this.palette));
    this.field.drawOn(this.plot.canvas);
    this.border.setAttribute("d", this.borderOf(grid, inside ? 0 : answers.level));
    this.border.setAttribute("transform", `translate(${Plot.LEFT} ${Plot.AROUND})`);
    this.points.ring(wrongs(this.data, this.answers));
  }

  /** Where the answer changes. @param {Float64Array[]} grid @param {number | null} level */
  borderOf(grid, level) {
    const { width, height } = this.plot;
    if (grid.length === 1) {
      return level === null ? "" : contour(grid[0], this.side, level, width, height);
    }
    const leads = grid.map((of) => {
      const others = grid.filter((other) => other !== of);
      return of.map((x, k) => x - Math.max(...others.map((other) => other[k])));
    });
    return leads.map((lead) => contour(lead, this.side, 0, width, height)).join("");
  }
}

/** The curve that was fitted to the points. @implements {Picture} */
class FittedCurve {
  title = "what the model answers";

  /** @param {HTMLElement} root @param {TrainingData} data @param {Answers} answers */
  constructor(root, data, answers) {
    this.answers = answers;
    this.data = data;
    const { window, outputs } = data.answers;
    const targets = Float64Array.from(data.points.targets);
    const numbers = [...targets, ...answers.grid.flatMap((of) => [...of])].filter(Number.isFinite);
    this.plot = new Plot(root, window[0], around(numbers), [data.inputs[0], "target"]);
    this.points = new Points(data, this.plot, [unpacked(data.points.rows), targets]);
    this.level = svgPart("line", { class: "level" });
    this.curves = Array.from({ length: outputs }, (_, k) => {
      const colour = outputs === 1 ? "var(--positive)" : `var(--class${k % 5})`;
      return svgPart("path", { class: "curve", style: `--ink:${colour}` });
    });
    this.plot.layer.append(this.level, ...this.curves);
  }

  resize() {
    if (!this.plot.resize()) return;
    this.points.place();
    const { level } = this.data.answers;
    if (level !== null && this.data.answers.labels.length) {
      const y = this.plot.y(level);
      setAll(this.level, { x1: Plot.LEFT, x2: Plot.LEFT + this.plot.width, y1: y, y2: y });
    }
    this.draw();
  }

  draw() {
    const xs = between(this.data.answers.window[0], this.answers.side);
    this.answers.grid.forEach((of, k) => {
      this.curves[k].setAttribute("d", lineOf(this.plot, xs, of));
    });
    this.points.ring(wrongs(this.data, this.answers));
  }
}

/** The data of a path through points, broken where one is no number. @param {Plot} plot @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys */
function lineOf(plot, xs, ys) {
  let line = "";
  let isOpen = false;
  for (let k = 0; k < xs.length; k++) {
    const y = Math.max(-1e4, Math.min(1e4, plot.y(ys[k])));
    if (Number.isFinite(y))
      line += `${isOpen ? "L" : "M"}${plot.x(xs[k]).toFixed(1)} ${y.toFixed(1)}`;
    isOpen = Number.isFinite(y);
  }
  return line;
}

/** What is predicted, by what it should be: on the line all is right. @implements {Picture} */
class PredictedByTarget {
  title = "predicted by target";

  /** @param {HTMLElement} root @param {TrainingData} data @param {Answers} answers */
  constructor(root, data, answers) {
    this.answers = answers;
    const targets = Float64Array.from(data.points.targets);
    const window = around(targets);
    this.plot = new Plot(root, window, window, ["target", "predicted"]);
    this.diagonal = svgPart("line", { class: "level" });
    this.plot.layer.append(this.diagonal);
    this.points = new Points(data, this.plot, [targets, targets.slice()]);
  }

  resize() {
    if (!this.plot.resize()) return;
    const [low, high] = this.plot.windows.across;
    const { plot } = this;
    setAll(this.diagonal, { x1: plot.x(low), y1: plot.y(low), x2: plot.x(high), y2: plot.y(high) });
    this.draw();
  }

  draw() {
    const [low, high] = this.plot.windows.up;
    // What is beyond the axes is seen at their ends.
    const shown = this.answers.points[0].map((y) => Math.max(low, Math.min(high, y)));
    this.points.places[1].set(shown);
    this.points.place();
  }
}

/** How many points of each class are taken for which. @implements {Picture} */
class ClassTable {
  title = "answers, for points of each class";

  /** @param {HTMLElement} root @param {TrainingData} data @param {Answers} answers */
  constructor(root, data, answers) {
    this.data = data;
    this.answers = answers;
    const { labels } = data.answers;
    const table = htmlPart("table", { className: "classes" });
    const head = labels.map((of) => htmlPart("th", { scope: "col" }, of));
    table.append(htmlPart("tr", {}, htmlPart("th", { scope: "col" }, "class \\ answer"), ...head));
    this.cells = labels.map((of) => {
      const cells = labels.map(() => htmlPart("td"));
      table.append(htmlPart("tr", {}, htmlPart("th", { scope: "row" }, of), ...cells));
      return cells;
    });
    root.append(table);
  }

  resize() {}

  draw() {
    const { places, count } = this.data.points;
    const counts = this.cells.map((row) => row.map(() => 0));
    for (let k = 0; k < count; k++)
      counts[places[k]][classOf(this.answers.points.map((of) => of[k]))]++;
    counts.forEach((row, k) => {
      const all = row.reduce((sum, x) => sum + x) || 1;
      row.forEach((x, j) => {
        const cell = this.cells[k][j];
        cell.textContent = x ? String(x) : "";
        cell.className = k === j ? "right" : "";
        cell.style.setProperty("--share", `${Math.round((70 * x) / all)}%`);
      });
    });
  }
}
