// Why a gradient is what it is: the paths whose products it is the sum of, as in steps/paths.py.

/**
 * One way from a value up to the root.
 *
 * @typedef {object} Way
 * @property {number[]} values the value first, the root last
 * @property {number[]} locals the local derivatives on the way
 * @property {number} product
 */

/**
 * The paths with the largest products, and how many there are in all.
 *
 * @param {Graph} graph
 * @param {number} leaf
 * @param {number} most
 * @returns {{ listed: Way[], total: number }}
 */
function waysOf(graph, leaf, most) {
  /** The best ways from a value down to the leaf. @type {Map<number, Way[]>} */
  const best = new Map([[leaf, [{ values: [leaf], locals: [], product: 1 }]]]);
  const count = new Map([[leaf, 1]]);
  for (const node of graph.dependents(leaf)) {
    const inputs = graph.operands[node].flatMap((input, position) =>
      graph.isConstant[node][position] ? [] : [{ input, local: graph.locals[node][position] }],
    );
    const ways = inputs.flatMap(({ input, local }) =>
      (best.get(input) ?? []).map(({ values, locals, product }) => ({
        values: [...values, node],
        locals: [...locals, local],
        product: chainProduct(product, local),
      })),
    );
    ways.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
    best.set(node, ways.slice(0, most));
    count.set(node, total(inputs.map(({ input }) => count.get(input) ?? 0)));
  }
  return { listed: best.get(graph.root) ?? [], total: count.get(graph.root) ?? 0 };
}

/**
 * A way in words: its values, and the product of its local derivatives.
 *
 * @param {Board} board
 * @param {Way} way
 */
function wayWords({ names }, { values, locals, product }) {
  const factors = shortened(locals.map((x, k) => within(numberTerm(x), SIGN, k === 0)));
  const result = number(product);
  const worked = factors.join(TIMES);
  return {
    way: shortened(values.map((value) => names[value].text)).join(" → "),
    product: worked === result || !worked ? result : `${worked} = ${result}`,
  };
}

/** The first and the last of many. @param {string[]} words */
function shortened(words) {
  return words.length > 8 ? [...words.slice(0, 4), "…", ...words.slice(-4)] : words;
}
