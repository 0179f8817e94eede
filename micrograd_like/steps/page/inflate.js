// What Python has packed: deflated, in base 85.

/** The digits: Python's, without four that HTML or a script takes for its own. */
const LETTERS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;.=/?@^_:{|}~";

/** The bytes of a text: five letters are four bytes. @param {string} text */
function bytesOf(text) {
  const digits = new Map([...LETTERS].map((letter, digit) => [letter, digit]));
  const bytes = new DataView(new ArrayBuffer(4 * Math.ceil(text.length / 5)));
  for (let k = 0; k < text.length; k += 5) {
    const word = [...text.slice(k, k + 5).padEnd(5, "~")];
    const number = word.reduce((sum, letter) => 85 * sum + (digits.get(letter) ?? 0), 0);
    bytes.setUint32((4 * k) / 5, number);
  }
  return bytes.buffer.slice(0, Math.floor((4 * text.length) / 5));
}

/** @param {string} packed */
async function inflated(packed) {
  const bytes = bytesOf(packed);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}
