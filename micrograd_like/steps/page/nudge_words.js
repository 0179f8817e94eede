// What a nudge shows, in one sentence.

/**
 * @param {Nudge} nudge
 * @param {Nudged} now
 * @param {Nudged[]} ladder
 * @param {{ root: string, leaf: string, partial: string, ratio: string }} names
 * @param {boolean} isRightOrder
 */
function nudgeWords(nudge, now, ladder, names, isRightOrder) {
  const { w, gradient } = nudge;
  const { root, leaf } = names;
  const there = `${root} at ${leaf} + h`;
  if (w + now.h === w)
    return `${leaf} + h is ${leaf}: so small a step is lost in the rounding of ${leaf}.`;
  if (!Number.isFinite(now.there))
    return `${there} is not defined, or not finite: try a smaller step.`;
  if (!Number.isFinite(gradient))
    return `${names.partial} is ${number(gradient)}: the curve is vertical here, and has no slope.`;
  const kink = kinkOf(nudge);
  if (kink) {
    const [left, right] = kink.map(number);
    return `${root} has a kink here: its slope is ${left} on the left and ${right} on the right. Backprop takes ${number(gradient)}.`;
  }
  if (isWrong(nudge, ladder)) {
    const order = isRightOrder ? "" : ": its steps come in the wrong order";
    return `However small the step, ${names.ratio} does not come near ${names.partial}. This gradient is wrong${order}.`;
  }
  if (!gradient && ladder.every(({ forward }) => !(forward !== 0)))
    return `${root} does not change with ${leaf}: both are 0.`;
  return sizeWords(nudge, now, names);
}

/** Whether it is the curve or the rounding that makes the difference. @param {Nudge} nudge @param {Nudged} now @param {{ root: string, leaf: string }} names */
function sizeWords(nudge, now, { root, leaf }) {
  const bend = bendOf(nudge) * now.h;
  const rounding =
    (2 * nudge.rounding * Math.max(Math.abs(nudge.loss), Math.abs(now.there))) / now.h;
  if (bend > 4 * rounding)
    return `Curvature: between ${leaf} and ${leaf} + h the curve bends away from its tangent. A smaller step comes nearer.`;
  if (!bend) return `The curve is a straight line: all that is between the two is rounding.`;
  if (rounding > 4 * bend) {
    const same = Math.floor(-Math.log10(Math.abs(now.there / nudge.loss - 1)));
    const digits =
      same < 17 && same > 0 ? `in their first ${same} digits` : "in all but the last digits";
    return `Rounding: ${root} at ${leaf} + h and at ${leaf} are the same ${digits}, and few are left for their difference. A larger step comes nearer.`;
  }
  return `The best step is about here: the curve hardly bends over h, and rounding is as small.`;
}

/** How far off a difference is for each bit of its step, by curvature alone; 0 for a straight line. @param {Nudge} nudge */
function bendOf(nudge) {
  for (const h of [1e-4, 1e-3, 1e-2, 1e-1]) {
    const { forward, there } = nudge.by(h);
    const off = Math.abs(forward - nudge.gradient);
    const noise = (8 * nudge.rounding * Math.max(Math.abs(nudge.loss), Math.abs(there))) / h;
    if (off > noise) return off / h;
  }
  return 0;
}

/** The slopes to the left and to the right, where they are not the same. @param {Nudge} nudge */
function kinkOf(nudge) {
  const scale = Math.max(1, Math.abs(nudge.w));
  const [near, far] = [1e-6, 1e-5].map((h) => {
    const { forward, there, back } = nudge.by(h * scale);
    const noise = (8 * nudge.rounding * Math.abs(nudge.loss)) / (h * scale);
    const left = (nudge.loss - back) / (h * scale);
    return {
      left,
      right: forward,
      noise,
      isKnown: Number.isFinite(there) && Number.isFinite(back),
    };
  });
  if (!near.isKnown || !far.isKnown) return null;
  const [apart, before] = [near, far].map(({ left, right }) => Math.abs(right - left));
  const size = Math.max(Math.abs(near.left), Math.abs(near.right));
  // Of a smooth curve the two are ten times nearer at a step ten times smaller.
  const isKink = apart > 1e-4 * size + near.noise && apart > before / 2;
  return isKink ? [near.left, near.right] : null;
}

/** Whether no step's difference comes near the gradient. @param {Nudge} nudge @param {Nudged[]} ladder */
function isWrong({ gradient, loss, rounding }, ladder) {
  // At smaller steps rounding could excuse anything.
  const told = ladder.filter(({ h, central }) => h >= 1e-7 && Number.isFinite(central));
  return (
    told.length > 0 &&
    told.every(({ h, there, central }) => {
      const noise = (8 * rounding * Math.max(Math.abs(loss), Math.abs(there))) / h;
      return Math.abs(central - gradient) > 1e-4 * Math.abs(gradient) + noise;
    })
  );
}
