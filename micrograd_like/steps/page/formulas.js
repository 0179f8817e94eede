// Formulas whose operands are filled in: the templates are micrograd_like/notation.py's.

/**
 * A piece of a formula: its text, and how strongly it holds together, which decides where brackets go.
 *
 * @typedef {object} Term
 * @property {string} text
 * @property {number} strength
 * @property {number} [number] what it is, if it is a number
 *
 * A formula: texts, and slots of operands, each with its place, how strong the operand has to be,
 * whether it comes first, and, of an exponent, what is taken off.
 *
 * @typedef {(string | number[])[]} Template
 */

const SUM = 5;
const SIGN = 7;
const POWER = 8;
const ATOM = 9;
const TIMES = " · ";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @type {(x: number) => Term} */
function numberTerm(x) {
  const text = number(x);
  const strength = text.startsWith(MINUS) ? SIGN : text.includes("e") ? POWER : ATOM;
  return { text, strength, number: x };
}

/**
 * A term among others, in brackets if it is weaker, or if a minus sign would follow.
 *
 * @param {Term} term
 * @param {number} least
 * @param {boolean} [isFirst]
 */
function within({ text, strength }, least, isFirst = true) {
  const isWeak = strength < least || (!isFirst && /^[-−]/.test(text));
  return isWeak ? `(${text})` : text;
}

/**
 * A formula on operands.
 *
 * @param {Template} template
 * @param {Term[]} operands
 */
function filled(template, operands) {
  return template
    .map((piece) => {
      if (typeof piece === "string") return piece;
      const [place, least, isFirst, less] = piece;
      const operand = operands[place];
      return less === undefined ? within(operand, least, Boolean(isFirst)) : raised(operand, less);
    })
    .join("");
}

/**
 * An exponent, less a whole number: raised if it is a whole number.
 *
 * @param {Term} operand
 * @param {number} less
 */
function raised(operand, less) {
  if (operand.number === undefined) {
    const text = less ? `(${within(operand, SUM)} ${MINUS} ${less})` : within(operand, ATOM);
    return `^${text}`;
  }
  const power = operand.number - less;
  if (less && power === 1) return "";
  if (power >= 0 && power < 1000 && power % 1 === 0)
    return String(power).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `^${within(less ? numberTerm(power) : operand, ATOM)}`;
}

/**
 * The factors of a product, in brackets where they need them.
 *
 * @param {Term} first
 * @param {Term} second
 */
function factors(first, second) {
  return [within(first, SIGN), within(second, SIGN, false)];
}

/** What a value's gradient is called. @param {Term} name */
function gradientOf(name) {
  return `${within(name, ATOM)}.grad`;
}

/**
 * What a partial derivative is called.
 *
 * @param {Term} of
 * @param {Term} by
 */
function partial(of, by) {
  return `∂${within(of, ATOM)}/∂${within(by, ATOM)}`;
}
