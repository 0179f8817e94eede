// Groups of values, which a picture shows as one node each until they are opened.

/** The names of all groups, the outer ones too. @param {Groups} groups */
function groupNames({ names }) {
  const all = new Set(names);
  for (const name of names)
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1))
      all.add(name.slice(0, dot));
  return all;
}

/** The places of the values that are in a group. @param {Groups} groups @param {string} group */
function valuesIn({ names, of }, group) {
  const isIn = names.map((name) => name === group || name.startsWith(`${group}.`));
  return of.flatMap((place, value) => (isIn[place] ? [value] : []));
}

/** The view that has a group open, if there is one. @param {Live} live @param {string} group */
function viewToOpen({ source, viewData }, group) {
  if (viewData.open.includes(group)) return undefined;
  return source.views.find(({ name }) => name === group);
}

/** The view that has an open group closed, if there is one. @param {Live} live @param {string} group */
function viewToClose({ source, viewData }, group) {
  if (!viewData.open.includes(group)) return undefined;
  const closed = source.views.filter(({ open }) => !open.includes(group));
  const around = closed.filter(({ name }) => name && group.startsWith(`${name}.`));
  const [inner] = around.sort((a, b) => b.name.length - a.name.length);
  return inner ?? closed.find(({ name }) => name === "");
}

/** The ids of the clusters whose groups can be closed, with the groups. @param {Live} live */
function closableClusters(live) {
  return live.viewData.open.flatMap((group, k) =>
    viewToClose(live, group) ? [/** @type {[string, string]} */ ([`c${k + 1}`, group])] : [],
  );
}

/** What a view is called. @param {string} name */
function viewName(name) {
  return { "": "folded", all: "everything" }[name] ?? name;
}
