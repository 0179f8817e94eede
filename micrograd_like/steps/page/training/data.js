// What Python sends: micrograd_like/steps/training_page.py.

/**
 * A model's graph, and the places in it.
 *
 * @typedef {object} ForwardData
 * @property {ValuesData} values
 * @property {string[]} rules their names
 * @property {number[]} inputs places, -1 for an input that nothing is made of
 * @property {number[]} weights
 * @property {number[]} outputs
 *
 * Answers that Python computed, where the page cannot: packed, epoch by epoch and row by row.
 *
 * @typedef {object} GivenData
 * @property {number[]} epochs places among those that are kept
 * @property {number} side
 * @property {string} grid
 * @property {string} points
 *
 * A circle of the network, and all of it. A link has the places of two units and of a weight.
 *
 * @typedef {object} UnitData
 * @property {string} kind "input", "neuron", "operation" or "result"
 * @property {string} name
 * @property {string} block its layer
 * @property {string} symbol its activation
 * @property {number} column
 * @property {number} value the place of its value in the graph, or -1
 * @property {number[]} biases
 *
 * @typedef {object} NetworkData
 * @property {UnitData[]} units column by column
 * @property {number[]} hidden how many units of each column are left out
 * @property {[number, number, number][]} links
 *
 * How answers are looked at: micrograd_like/steps/answers.py.
 *
 * @typedef {object} AnswersData
 * @property {"map" | "fit" | "scatter" | "table"} kind
 * @property {string[]} labels of the classes, none of a regression
 * @property {boolean} squashed
 * @property {number | null} level
 * @property {number} centre
 * @property {number} half
 * @property {[number, number][]} window
 * @property {number} outputs
 * @property {number} side how many places of each axis are computed
 *
 * @typedef {object} PointsData
 * @property {number} count
 * @property {number} held of them, at the end
 * @property {string} rows
 * @property {number[]} targets
 * @property {number[]} places of their classes, none of a regression
 *
 * @typedef {object} ColoursData
 * @property {string} box
 * @property {string} text
 * @property {string} positive
 * @property {string} negative
 * @property {string[]} classes
 *
 * @typedef {object} TrainingData
 * @property {string} title
 * @property {string[]} notes
 * @property {number[]} epochs the numbers of those that are kept
 * @property {Record<string, string>[]} words what was measured after each, as it is shown
 * @property {(number | string)[]} losses
 * @property {(number | string)[]} validation
 * @property {boolean} logarithmic the losses' scale
 * @property {string[]} names of the weights
 * @property {string} weights
 * @property {ForwardData | null} graph
 * @property {GivenData | null} given
 * @property {NetworkData | null} network
 * @property {string[]} inputs
 * @property {PointsData} points
 * @property {AnswersData} answers
 * @property {string} theme
 * @property {Record<string, ColoursData>} colours by the theme
 */

/** The floats that Python packed into a text. @param {string} text */
function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}
