// The panel in which the start, the learning rate and the number of steps are chosen.

/** @param {DescentView} view @returns {Panel} */
function wayPanel(view) {
  const { data, place } = view;
  const starts = data.names.map((name, k) => {
    const range = /** @type {[number, number]} */ (place.windows[k]);
    const field = new NumberField({
      name,
      range,
      step: 10 ** Math.floor(Math.log10((range[1] - range[0]) / 400)),
      isRight: Number.isFinite,
      needs: "a finite number",
      text: exact,
      take: (x) => view.set({ start: view.start.map((old, axis) => (axis === k ? x : old)) }),
    });
    return field;
  });
  const rate = new LogField({
    name: "learning rate",
    symbol: "learning rate",
    powers: [-4, 1],
    value: view.rate,
    change: () => view.set({ rate: rate.value }),
  });
  const steps = new NumberField({
    name: "steps",
    range: [1, Math.min(data.most, Math.max(100, 2 * data.steps))],
    step: 1,
    isRight: (x) => x % 1 === 0 && x >= 1 && x <= data.most,
    needs: `a whole number from 1 to ${data.most}`,
    text: String,
    take: (x) => view.set({ steps: x }),
  });
  const write = () => {
    starts.forEach((field, k) => {
      field.write(view.start[k]);
    });
    if (rate.value !== view.rate) {
      rate.value = view.rate;
      rate.write();
    }
    steps.write(view.count);
  };
  view.listeners.push(write);
  write();
  const element = part("div");
  element.append(part("h4", "start"), ...starts.map((field) => field.element));
  element.append(part("h4", "steps"), rate.element, steps.element);
  return { id: "way", title: "start and rate", key: "d", element };
}
