// What is told of a weight, or of a neuron's: the number, and how it moved over the epochs.

class WeightStory {
  static WIDTH = 220;
  static HEIGHT = 48;

  /** @param {HTMLElement} root @param {TrainingData} data @param {Float64Array} weights of all epochs */
  constructor(root, data, weights) {
    this.data = data;
    this.weights = weights;
    this.epoch = 0;
    this.name = htmlPart("b");
    this.words = htmlPart("span");
    this.svg = svgPart("svg", {
      class: "moves",
      "aria-hidden": "true",
      viewBox: `0 0 ${WeightStory.WIDTH} ${WeightStory.HEIGHT}`,
    });
    this.mark = svgPart("line", { class: "mark", y1: 0, y2: WeightStory.HEIGHT });
    root.append(htmlPart("p", {}, this.name, " ", this.words), this.svg);
    /** @type {{ weights: number[], isOne: boolean, unit: UnitData | null } | null} */
    this.told = null;
    this.write();
  }

  /** @param {string} name @param {number[]} weights @param {boolean} isOne @param {UnitData | null} unit */
  tell(name, weights, isOne, unit = null) {
    this.name.textContent = name;
    this.told = { weights, isOne, unit };
    this.drawCurves();
    this.write();
  }

  /** @param {number} epoch */
  go(epoch) {
    this.epoch = epoch;
    this.write();
  }

  /** @param {number} weight @param {number} epoch */
  at(weight, epoch) {
    return this.weights[epoch * this.data.names.length + weight];
  }

  write() {
    const { told, epoch, data } = this;
    const x = (WeightStory.WIDTH * epoch) / Math.max(1, data.epochs.length - 1);
    setAll(this.mark, { x1: x, x2: x });
    if (!told) {
      this.words.textContent = "Point at a line or a neuron: its number, and how it moved.";
      return;
    }
    const [first] = told.weights;
    if (told.isOne) {
      this.words.textContent = `= ${number(this.at(first, epoch))}, and was ${number(this.at(first, 0))} at the start`;
    } else if (told.unit?.biases.length) {
      const count = told.weights.length - told.unit.biases.length;
      this.words.textContent = `bias ${number(this.at(first, epoch))}, ${count} weight${count === 1 ? "" : "s"}`;
    } else this.words.textContent = told.unit?.kind ?? "";
    if (told.unit?.symbol) this.words.textContent += `, ${told.unit.symbol}`;
  }

  drawCurves() {
    const { weights } = this.told ?? { weights: [] };
    const count = this.data.epochs.length;
    const all = weights.map((weight) =>
      Array.from({ length: count }, (_, k) => this.at(weight, k)),
    );
    const [low, high] = [Math.min(0, ...all.flat()), Math.max(0, ...all.flat())];
    const y = (/** @type {number} */ x) =>
      3 + (WeightStory.HEIGHT - 6) * (1 - (x - low) / (high - low || 1));
    const zero = svgPart("line", {
      class: "zero",
      x1: 0,
      x2: WeightStory.WIDTH,
      y1: y(0),
      y2: y(0),
    });
    const curves = all.map((numbers) => {
      const points = numbers.map(
        (x, k) =>
          `${((WeightStory.WIDTH * k) / Math.max(1, count - 1)).toFixed(1)},${y(x).toFixed(1)}`,
      );
      return svgPart("polyline", {
        points: points.join(" "),
        class: numbers[count - 1] < 0 ? "negative" : "",
      });
    });
    this.svg.replaceChildren(zero, ...curves, ...(all.length ? [this.mark] : []));
  }
}
