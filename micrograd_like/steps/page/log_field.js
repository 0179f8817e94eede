// A number above 0 to type, or to choose with a slider: 1, 2, 5 of each power of 10.

/**
 * @typedef {object} LogFieldOptions
 * @property {string} name what the number is, for readers and for errors
 * @property {string} symbol before the field
 * @property {[number, number]} powers of 10, the least and the most of the slider
 * @property {number} value at the start
 * @property {() => void} [change] is called when it is another number
 */

class LogField {
  /** @param {LogFieldOptions} options */
  constructor({ name, symbol, powers: [low, high], value, change = () => {} }) {
    this.name = name;
    this.low = low;
    this.value = value;
    this.change = change;
    this.element = part("div", "", "log-field");
    this.field = make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
    this.field.setAttribute("aria-label", name);
    this.slider = make("input", {
      type: "range",
      min: "0",
      max: String(3 * (high - low)),
      step: "1",
    });
    this.slider.setAttribute("aria-label", `${name}, slider`);
    this.trouble = part("p", "", "trouble");
    this.trouble.setAttribute("role", "alert");
    const label = part("label", symbol);
    label.append(" ", this.field);
    this.element.append(label, this.slider, this.trouble);
    this.field.addEventListener("input", () => this.type());
    this.field.addEventListener("change", () => this.type() && this.write());
    this.field.addEventListener("blur", () => this.restore());
    this.slider.addEventListener("input", () => {
      this.take(this.choice(Number(this.slider.value)));
      this.write();
    });
    this.write();
  }

  /** The number of a place of the slider. @param {number} place */
  choice(place) {
    return Number(`${[1, 2, 5][place % 3]}e${this.low + Math.floor(place / 3)}`);
  }

  /** Write the number into the field, and show it on the slider. */
  write() {
    this.field.value = number(this.value);
    this.slide();
  }

  slide() {
    const places = 3 * (Math.log10(this.value) - this.low);
    this.slider.value = String(Math.round(places));
    this.slider.setAttribute("aria-valuetext", number(this.value));
  }

  /** Take what was typed, if it is a number above 0. */
  type() {
    const typed = parsed(this.field.value);
    const isRight = typed !== undefined && typed > 0 && typed < Infinity;
    this.field.setAttribute("aria-invalid", String(!isRight));
    const rest = `${number(this.value)} stays${hintFor(this.field.value)}`;
    this.trouble.textContent = isRight
      ? ""
      : `the ${this.name} is a finite number above 0; ${rest}`;
    if (isRight) this.take(typed);
    return isRight;
  }

  /** What was refused goes from the field, and what was told of it stays. */
  restore() {
    if (this.field.getAttribute("aria-invalid") !== "true") return;
    this.write();
    this.field.removeAttribute("aria-invalid");
  }

  /** @param {number} x */
  take(x) {
    this.field.removeAttribute("aria-invalid");
    this.trouble.textContent = "";
    this.value = x;
    this.slide();
    this.change();
  }
}
