// Numbers and words beside axes: for the charts of all pages.

/** Words in a picture. @param {number} x @param {number} y @param {string} words @param {string} anchor */
function label(x, y, words, anchor) {
  const made = svgPart("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
  made.textContent = words;
  return made;
}

/** Whether numbers differ in their last digits alone: ticks between them would, too. @param {number} low @param {number} high */
function areAlike(low, high) {
  return !(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)));
}

/** Round numbers on an axis, about so many; none between numbers that are alike. @param {[number, number]} window @param {number} count */
function ticks([low, high], count) {
  if (areAlike(low, high)) return [];
  const rough = (high - low) / Math.max(count, 1.5);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x >= rough) ?? 10 * power;
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/**
 * What an axis shows: the extent of numbers, and a little more, as Python's `around`.
 *
 * @param {ArrayLike<number>} numbers
 * @returns {[number, number]}
 */
function around(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (let k = 0; k < numbers.length; k++) {
    low = Math.min(low, numbers[k]);
    high = Math.max(high, numbers[k]);
  }
  const side = 0.12 * high - 0.12 * low || Math.max(1, Math.abs(low) / 2);
  return [Math.max(low - side, -8e307), Math.min(high + side, 8e307)];
}
