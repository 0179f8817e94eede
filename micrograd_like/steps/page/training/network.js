// The network: neurons in columns, each with what it answers, and a line for every weight.

class NetworkPicture {
  static ABOVE = 34; // for the names of layers

  /**
   * @param {HTMLElement} root
   * @param {TrainingData} data
   * @param {NetworkData} network
   * @param {Answers} answers
   * @param {Palette} palette
   * @param {number} largest the size of the largest weight of all epochs
   */
  constructor(root, data, network, answers, palette, largest) {
    this.root = root;
    this.data = data;
    this.network = network;
    this.answers = answers;
    this.palette = palette;
    this.largest = largest || 1;
    this.svg = svgPart("svg", { class: "lines" });
    this.words = svgPart("g", { "aria-hidden": "true" });
    this.strokes = network.links.map(([source, target, weight]) => {
      const line = svgPart("path", { class: "weight", tabindex: -1, role: "img" });
      line.setAttribute("aria-label", data.names[weight]);
      line.dataset.weight = String(weight);
      return { line, hit: svgPart("path", { class: "hit" }), source, target, weight };
    });
    this.svg.append(this.words);
    for (const { line, hit } of this.strokes) this.svg.append(hit, line);
    this.units = network.units.map((unit, k) => new UnitPicture(unit, k, data.answers.kind));
    root.append(this.svg, ...this.units.map((unit) => unit.button));
    this.columns = columnsOf(network);
    this.width = 0;
    this.height = 0;
    /** Those that are shown. @type {Float64Array | null} */
    this.weights = null;
  }

  /** Lay it out in the room that there is. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    setAll(this.svg, { width, height });
    const rows = Math.max(
      ...this.columns.map((units, c) => units.length + (this.network.hidden[c] ? 1 : 0)),
    );
    const down = (height - NetworkPicture.ABOVE) / rows;
    const across = width / this.columns.length;
    const size = Math.max(12, Math.min(46, 0.8 * down, 0.6 * across));
    this.words.replaceChildren();
    for (let c = 0; c < this.columns.length; c++) {
      this.placeColumn(c, across, Math.min(down, 1.5 * size), size);
    }
    for (const { line, hit, source, target } of this.strokes) {
      const d = bend(this.units[source], this.units[target], size / 2);
      line.setAttribute("d", d);
      hit.setAttribute("d", d);
    }
    if (this.weights) this.draw(this.weights);
  }

  /**
   * @param {number} c
   * @param {number} across from column to column
   * @param {number} down from circle to circle
   * @param {number} size
   */
  placeColumn(c, across, down, size) {
    const units = this.columns[c];
    const hidden = this.network.hidden[c];
    const rows = units.length + (hidden ? 1 : 0);
    const x = (c + 0.5) * across;
    const middle = NetworkPicture.ABOVE + (this.height - NetworkPicture.ABOVE) / 2;
    const top = middle - (rows * down) / 2;
    const half = Math.ceil(units.length / 2);
    units.forEach((k, row) => {
      const shift = hidden && row >= half ? 1 : 0;
      this.units[k].place(x, top + (row + shift + 0.5) * down, size);
    });
    if (hidden)
      this.words.append(label(x, top + (half + 0.5) * down + 4, `… ${hidden} more`, "middle"));
    const [title, below] = titleOf(
      units.map((k) => this.network.units[k]),
      hidden,
    );
    const most = Math.floor(across / 6.5);
    this.words.append(
      label(x, 12, title.slice(0, most), "middle"),
      label(x, 26, below.slice(0, most), "middle"),
    );
  }

  /** Show weights, and the answers as they are now. @param {Float64Array} weights */
  draw(weights) {
    this.weights = weights;
    for (const { line, weight } of this.strokes) {
      const x = weights[weight];
      const size = Math.min(1, Math.abs(x) / this.largest);
      line.classList.toggle("negative", x < 0);
      line.setAttribute(
        "style",
        `stroke-width:${(0.5 + 4.5 * size).toFixed(2)};opacity:${(0.3 + 0.7 * Math.sqrt(size)).toFixed(2)}`,
      );
    }
    for (const unit of this.units) unit.draw(this.answers, this.palette);
  }
}

/** A neuron, or what else is drawn as a circle. */
class UnitPicture {
  /** @param {UnitData} data @param {number} place @param {AnswersData["kind"]} kind */
  constructor(data, place, kind) {
    this.data = data;
    this.kind = kind;
    this.canvas = htmlPart("canvas");
    const input = data.kind === "input" || !data.block;
    const name = htmlPart("span", { className: "name" }, input ? data.name : "");
    this.button = htmlPart(
      "button",
      { type: "button", className: `unit ${data.kind}` },
      this.canvas,
      name,
    );
    this.button.dataset.unit = String(place);
    this.button.tabIndex = place ? -1 : 0;
    this.button.setAttribute("aria-label", `${data.kind} ${data.name}`);
    this.button.setAttribute("aria-pressed", "false");
    this.x = 0;
    this.y = 0;
    /** @type {Field | null} */
    this.field = null;
  }

  /** @param {number} x @param {number} y @param {number} size */
  place(x, y, size) {
    this.x = x;
    this.y = y;
    const pixels = Math.round(size * (devicePixelRatio || 1));
    this.canvas.width = pixels;
    this.canvas.height = pixels;
    this.button.setAttribute(
      "style",
      `left:${x - size / 2}px;top:${y - size / 2}px;width:${size}px;height:${size}px`,
    );
  }

  /** What it answers: its plane, its curve, or the mean over the points. @param {Answers} answers @param {Palette} palette */
  draw(answers, palette) {
    const inside = answers.inside(this.data.value);
    if (inside && this.kind === "map") {
      this.field ??= new Field(answers.side);
      this.field.fill(coloursOf([inside], insideStrength(inside), palette));
      this.field.drawOn(this.canvas);
    } else if (inside) this.drawCurve(inside, palette);
    else {
      const numbers = answers.average(this.data.value);
      const mean = numbers ? numbers.reduce((sum, x) => sum + x, 0) / numbers.length : 0;
      this.button.style.setProperty("--tint", signedColour(Math.tanh(mean)));
    }
  }

  /** @param {Float64Array} numbers @param {Palette} palette */
  drawCurve(numbers, palette) {
    const { width, height } = this.canvas;
    const brush = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const most = Math.max(1, ...numbers.map(Math.abs));
    brush.clearRect(0, 0, width, height);
    brush.lineWidth = Math.max(1.5, width / 20);
    brush.strokeStyle = palette.data.text;
    brush.beginPath();
    numbers.forEach((y, k) => {
      brush.lineTo((width * k) / (numbers.length - 1), height * (0.5 - (0.44 * y) / most));
    });
    brush.stroke();
  }
}

/** How strongly a value inside of the network is coloured. @param {Float64Array} numbers */
function insideStrength(numbers) {
  let most = 1;
  for (const x of numbers) if (Math.abs(x) > most && Number.isFinite(x)) most = Math.abs(x);
  return (/** @type {number} */ x) => Math.max(-1, Math.min(1, x / most));
}

/** The places of the units of each column. @param {NetworkData} network */
function columnsOf({ units }) {
  /** @type {number[][]} */
  const columns = [];
  units.forEach((unit, k) => {
    columns[unit.column] ??= [];
    columns[unit.column].push(k);
  });
  return columns;
}

/** What stands above a column. @param {UnitData[]} units @param {number} hidden */
function titleOf(units, hidden) {
  const [first] = units;
  const count = units.length + hidden;
  const kind = `${count} ${first.kind}${count === 1 ? "" : "s"}`;
  const blocks = new Set(units.map((unit) => unit.block));
  const symbols = new Set(units.map((unit) => unit.symbol).filter(Boolean));
  const symbol = symbols.size === 1 ? [...symbols][0] : "";
  if (first.kind !== "neuron") return ["", kind];
  return [blocks.size === 1 ? first.block : "", symbol ? `${count} ${symbol}` : kind];
}

/** A line from the right side of a circle to the left side of another. @param {UnitPicture} from @param {UnitPicture} to @param {number} half */
function bend(from, to, half) {
  const [x, u] = [from.x + half, to.x - half];
  const middle = (x + u) / 2;
  return [`M${x} ${from.y}C${middle}`, from.y, middle, to.y, u, to.y]
    .map((v) => (typeof v === "number" ? v.toFixed(1) : v))
    .join(" ");
}
