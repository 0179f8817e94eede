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
    const sum = exactOr(graph, total(products.map(({ product }) => product)));
    const [only] = products;
    const numbers =
      products.length === 1
        ? digits([
            ["local derivative", exactOr(graph, only.local)],
            ["gradient from above", exactOr(graph, only.upstream)],
            ["product", exactOr(graph, only.product)],
          ])
        : digits([
            ["products", products.length.toLocaleString("en-US")],
            ["their sum", sum],
          ]);
    const more = lines.length - MOST_LINES;
    const rest = more > 0 ? [part("p", `and ${counted(more, "more product")}`, "note")] : [];
    return [numbers, lineList(live, lines.slice(0, MOST_LINES)), ...rest];
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
    for (const x of [graph.data[value], graph.grads[value]]) {
      const cell = part("td", graph.undefinedAt >= 0 && Number.isNaN(x) ? "?" : number(x));
      cell.title = exactOr(graph, x);
      row.append(cell);
    }
    made.append(row);
  }
  const more = values.length - MOST_LINES;
  return more > 0 ? [made, part("p", `and ${more.toLocaleString("en-US")} more`, "note")] : [made];
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
