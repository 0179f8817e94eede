// Numbers as Python writes them on the page: micrograd_like/notation.py and draw's words.

const MINUS = "−";

/**
 * A number with so many decimals, to the nearest. Of two that are equally near Python takes the even
 * one, and toFixed the larger.
 *
 * @param {number} x
 * @param {number} places
 */
function fixed(x, places) {
  const size = Math.abs(x);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (size >= 1e21)
    return sign + BigInt(size).toString() + (places ? `.${"0".repeat(places)}` : "");
  const scaled = size * 10 ** places;
  const isTied = scaled % 1 === 0.5 && Math.floor(scaled) % 2 === 0;
  if (!isTied) return sign + size.toFixed(places);
  // Perhaps only nearly: all decimals tell.
  const [whole, decimals] = size.toFixed(Math.min(100, places + 60)).split(".");
  const [kept, rest] = [decimals.slice(0, places), decimals.slice(places)];
  const isHalf = /^50*$/.test(rest);
  return sign + (isHalf ? [whole, kept].filter(Boolean).join(".") : size.toFixed(places));
}

/**
 * A number of so many digits, as Python's format "g", without a sign: digits, and a power of 10.
 *
 * @param {number} size
 * @param {number} count
 */
function general(size, count) {
  if (size === 0) return "0";
  const [shortest, power] = size.toExponential().replace(".", "").split("e");
  const isTied = shortest.length === count + 1 && /[02468]5$/.test(shortest);
  // Perhaps only nearly: all digits tell.
  const all = isTied ? size.toExponential(Math.min(100, count + 60)).replace(".", "") : "";
  if (isTied && /^50*$/.test(all.slice(count, all.indexOf("e"))))
    return written(shortest.slice(0, count), Number(power), -4, count);
  const [short, e] = size
    .toExponential(count - 1)
    .replace(".", "")
    .split("e");
  return written(short, Number(e), -4, count);
}

/**
 * Digits and their power of 10 as a text: with an exponent below `least` and from `most` on.
 *
 * @param {string} digits
 * @param {number} power
 * @param {number} least
 * @param {number} most
 */
function written(digits, power, least, most) {
  const bare = (/** @type {string} */ text) => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  if (power < least || power >= most) {
    const short = bare(`${digits[0]}.${digits.slice(1)}`);
    return `${short}e${power < 0 ? MINUS : ""}${Math.abs(power)}`;
  }
  if (power < 0) return bare(`0.${"0".repeat(-power - 1)}${digits}`);
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  return bare(`${whole}.${digits.slice(power + 1)}`);
}

/**
 * A number for a page: four decimals at most, or four digits if it is small or large.
 *
 * @param {number} x
 */
function number(x) {
  if (Number.isNaN(x)) return "nan";
  const size = Math.abs(x);
  const sign = x < 0 ? MINUS : "";
  if (size === Infinity) return `${sign}∞`;
  if (size >= 0.1 && size < 1e5 - 0.5e-4) return sign + fixed(size, 4).replace(/\.?0+$/, "");
  return sign + general(size, 4);
}

/**
 * A number with all its digits.
 *
 * @param {number} x
 */
function exact(x) {
  if (Number.isNaN(x)) return "nan";
  const size = Math.abs(x);
  const sign = x < 0 || Object.is(x, -0) ? MINUS : "";
  if (size === Infinity) return `${sign}∞`;
  const [digits, power] = size.toExponential().replace(".", "").split("e");
  const text = written(digits, Number(power), -4, 16);
  return sign + (/[.e]/.test(text) ? text : `${text}.0`);
}

/**
 * The number that a text is, as Python reads it, with this page's signs too; undefined if it is none.
 *
 * @param {string} text
 * @returns {number | undefined}
 */
function parsed(text) {
  const plain = text
    .trim()
    .replaceAll(MINUS, "-")
    .replace(/(?<=\d)_(?=\d)/g, "")
    .toLowerCase();
  const sign = plain.startsWith("-") ? -1 : 1;
  if (/^[+-]?(∞|inf|infinity)$/.test(plain)) return sign * Infinity;
  if (/^[+-]?nan$/.test(plain)) return NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}

/** How a text that is no number can be one: "1,5" and "1/3" are. @param {string} text */
function hintFor(text) {
  // With three digits after a comma nobody knows which is meant.
  const decimal = text.trim().replace(/^([^,]*),(?!\d{3}$)/, "$1.");
  const [top, bottom = 1, ...more] = decimal.split("/").map((it) => parsed(it) ?? NaN);
  const isMeant = parsed(text) === undefined && !more.length && Number.isFinite(top / bottom);
  return isMeant ? ` (write ${exact(top / bottom)})` : "";
}

/**
 * A number as a program in Python has it.
 *
 * @param {number} x
 */
function asPython(x) {
  if (!Number.isFinite(x)) return `float("${Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf"}")`;
  return exact(x).replaceAll(MINUS, "-");
}

/**
 * A sum to the last digit, as Python's fsum (Shewchuk, 1997), or of any size.
 *
 * @param {number[]} numbers
 */
function total(numbers) {
  /** @type {number[]} */
  const partials = [];
  for (let x of numbers) {
    let kept = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  const plain = numbers.reduce((sum, x) => sum + x, 0);
  if (!Number.isFinite(plain)) return plain;
  let high = partials.pop() ?? 0;
  while (partials.length) {
    const x = high;
    const y = /** @type {number} */ (partials.pop());
    high = x + y;
    const low = y - (high - x);
    if (!low) continue;
    // Half a unit of the last digit, and more of the same sign behind it.
    const rest = partials.at(-1) ?? 0;
    if (rest && rest < 0 === low < 0) {
      const doubled = low * 2;
      const moved = high + doubled;
      if (doubled === moved - high) high = moved;
    }
    break;
  }
  return high;
}

/**
 * How strongly a number is coloured, as large as it is among those of its kind.
 *
 * @param {number} x
 * @param {number} largest
 */
function strength(x, largest) {
  if (!x || Number.isNaN(x)) return 0;
  const size = largest ? Math.sqrt(Math.min(Math.abs(x) / largest, 1)) : 1;
  return Math.sign(x) * (0.12 + 0.48 * size);
}

/**
 * The largest size of a number that is finite.
 *
 * @param {Iterable<number>} numbers
 */
function largest(numbers) {
  let most = 0;
  for (const x of numbers) if (Math.abs(x) < Infinity && Math.abs(x) > most) most = Math.abs(x);
  return most;
}
