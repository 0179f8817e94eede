// What the panel says of an edge, of a group, of values that are shown as one, and of all leaves.

/**
 * @param {Live} live
 * @param {number} link
 * @returns {About}
 */
function aboutLink(live, link) {
  const { graph, scenes } = live;
  const [source, target, edges] = scenes.view.links[link];
  const [from, to] = [source, target].map((node) => scenes.view.nodes[node][0]);
  const its = new Set(edges);
  const changing = () => {
    const lines = productLines(live, ({ edge }) => its.has(edge));
    const products = graph.products.filter(({ edge }) => its.has(edge));
    const moment = momentOf(live);
    const sum = orUnknown(live, scenes.product(moment, link));
    const [only] = products;
    const above = only && graph.edges[only.edge].node;
    const numbers =
      products.length === 1
        ? digits([
            ["local derivative", exactOr(graph, only.local)],
            ["gradient from above", orUnknown(live, gradientAt(moment, above))],
            ["product", sum],
          ])
        : digits([
            ["products", products.length.toLocaleString("en-US")],
            ["their sum", sum],
          ]);
    return [numbers, ...pastOf(live, lines)];
  };
  return { title: `${from} → ${to}`, beside: [], fixed: [], changing };
}

/**
 * @param {Live} live
 * @param {string} group
 * @returns {About}
 */
function aboutGroup(live, group) {
  const values = valuesIn(live.source.groups, group);
  const opened = viewToOpen(live, group);
  const closed = viewToClose(live, group);
  const beside = [];
  for (const [view, words] of /** @type {const} */ ([
    [opened, "open"],
    [closed, "close"],
  ]))
    if (view) beside.push(press(words, () => live.open(view.name)));
  const thing = live.thing;
  return {
    title: group,
    beside,
    fixed: [],
    changing: () => [
      ...tablesOf(live, values, `${group}.`),
      ...(thing ? pastOf(live, linesOfThing(live, thing)) : []),
    ],
  };
}

/** @param {string} words @param {() => void} act */
function press(words, act) {
  const button = make("button", { type: "button", textContent: words });
  button.addEventListener("click", act);
  return button;
}

/** What is inside of a group: its parameters and its outputs. @param {Live} live @param {number[]} values @param {string} prefix */
function tablesOf(live, values, prefix) {
  const { graph } = live;
  const inside = new Set(values);
  const used = new Set([graph.root]);
  for (const { node, input } of graph.edges) if (!inside.has(node)) used.add(input);
  const parameters = values.filter((v) => graph.isLeaf(v));
  const outputs = values.filter((v) => !graph.isLeaf(v) && used.has(v));
  const counts = [
    counted(values.length, "value"),
    counted(parameters.length, "parameter"),
    counted(outputs.length, "output"),
  ];
  return [
    part("p", counts.join(", "), "note"),
    ...table(live, "parameters", parameters, prefix),
    ...table(live, "outputs", outputs, prefix),
  ];
}

/**
 * Values with their numbers, the first of very many.
 *
 * @param {Live} live
 * @param {string} title
 * @param {number[]} values
 * @param {string} [prefix] of names that needs not be said
 */
function table(live, title, values, prefix = "") {
  if (!values.length) return [];
  const { graph } = live;
  const moment = momentOf(live);
  const made = part("table");
  const head = part("tr");
  for (const words of [title, "data", "gradient"]) {
    const cell = part("th", words);
    cell.scope = "col";
    head.append(cell);
  }
  made.append(head);
  for (const value of values.slice(0, MOST_LINES)) {
    const row = part("tr");
    const name = part("td");
    const own = graph.names[value];
    const short = own.startsWith(prefix) && own !== prefix ? own.slice(prefix.length) : own;
    name.append(linkTo(short, () => live.select(value)));
    row.append(name);
    const x = graph.stepOf[value] < moment.count ? graph.data[value] : undefined;
    for (const seen of [x, gradientAt(moment, value)]) {
      const title = orUnknown(live, seen);
      const isNumber = seen !== undefined && title !== "?";
      row.append(make("td", { title, textContent: isNumber ? number(seen) : title }));
    }
    made.append(row);
  }
  const more = values.length - MOST_LINES;
  return more > 0 ? [made, part("p", `and ${more.toLocaleString("en-US")} more`, "note")] : [made];
}

/** A value's gradient so far, if there is one. @param {Moment} moment @param {number} value */
function gradientAt(moment, value) {
  return moment.hasGradient[value] ? moment.grads[value] : undefined;
}

/** A number with all its digits, or what the picture shows where there is none yet. @param {Live} live @param {number | undefined} x */
function orUnknown({ board, graph }, x) {
  return x === undefined ? board.words.unknown : exactOr(graph, x);
}

/** Values alike that a picture shows as one. @param {Live} live @param {string} thing @returns {About} */
function aboutSeveral(live, thing) {
  const [name, outputs] = live.scenes.view.nodes[Number(thing.slice(1))];
  const changing = () => [
    ...table(live, counted(outputs.length, "value"), outputs),
    ...pastOf(live, linesOfThing(live, thing)),
  ];
  return { title: name, beside: [], fixed: [], changing };
}

/** Nothing is chosen: all leaves. @param {Live} live @returns {About} */
function aboutLeaves(live) {
  const { leaves } = live.graph;
  const note = part("p", "Choose a value in the picture, or a leaf:", "note");
  return {
    title: "",
    beside: [note],
    fixed: [],
    changing: () => [...table(live, "leaves", leaves), part("p", live.warning || BRANCHES, "note")],
  };
}
