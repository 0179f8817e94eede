// The panel of the value that is chosen.

/**
 * @param {Live} live
 * @returns {Panel}
 */
function valuePanel(live) {
  const element = part("section");
  const write = () => {
    const name = live.thing ? live.scenes.things.get(live.thing)?.name : undefined;
    element.textContent = name ?? "choose a value in the picture";
  };
  for (const topic of /** @type {Topic[]} */ (["numbers", "scene", "select", "view"]))
    live.on(topic, write);
  write();
  return { id: "value", title: "value", key: "v", element };
}
