// A number to type, or to choose with a slider.

/**
 * @typedef {object} NumberFieldOptions
 * @property {string} name what the number is, for readers
 * @property {[number, number]} range of the slider; a number beyond it can be typed
 * @property {number} step of the slider
 * @property {(x: number) => boolean} isRight whether a number may be taken
 * @property {string} needs what one that may be taken is
 * @property {(x: number) => string} text how it is written
 * @property {(x: number) => void} take is called when it is another number
 */

class NumberField {
  /** @param {NumberFieldOptions} options */
  constructor(options) {
    this.options = options;
    const { name, range, step } = options;
    this.value = NaN;
    this.element = part("div", "", "log-field");
    this.field = make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
    this.field.setAttribute("aria-label", name);
    const [min, max, size] = [...range, step].map(String);
    this.slider = make("input", { type: "range", min, max, step: size });
    this.slider.setAttribute("aria-label", `${name}, slider`);
    this.trouble = part("p", "", "trouble");
    this.trouble.setAttribute("role", "alert");
    const label = part("label", name);
    label.append(" ", this.field);
    this.element.append(label, this.slider, this.trouble);
    this.field.addEventListener("change", () => this.type());
    this.slider.addEventListener("input", () => options.take(Number(this.slider.value)));
  }

  /** Take what was typed, if it may be taken. */
  type() {
    const { isRight, needs, take, text } = this.options;
    const typed = parsed(this.field.value);
    if (typed !== undefined && isRight(typed)) return take(typed);
    this.field.setAttribute("aria-invalid", "true");
    this.trouble.textContent = `it is to be ${needs}; ${text(this.value)} stays`;
  }

  /** Show a number. @param {number} x */
  write(x) {
    this.value = x;
    this.field.value = this.options.text(x);
    this.field.removeAttribute("aria-invalid");
    this.trouble.textContent = "";
    this.slider.value = String(x);
    this.slider.setAttribute("aria-valuetext", number(x));
  }
}
