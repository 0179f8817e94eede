// What a page plays: how many scenes there are, and what each shows.

/**
 * How an element of the picture looks: the text in it, its classes, variables of its style ("--…"),
 * other attributes.
 *
 * @typedef {Record<string, string>} Look
 *
 * @typedef {Words & SceneLook} Scene
 *
 * @typedef {object} SceneLook
 * @property {number} number of the step
 * @property {string[]} lit ids of elements that the step is about
 * @property {[string, string][][]} way edges to travel, leg by leg, each with words
 * @property {boolean} back whether they are travelled from their heads to their tails
 *
 * What can be asked about, with the ids of the cells of its numbers.
 *
 * @typedef {object} Thing
 * @property {string} name
 * @property {string} data
 * @property {string} gradient
 * @property {string} parameters of a group
 *
 * @typedef {object} Show
 * @property {number} total steps of the whole
 * @property {number} count scenes
 * @property {Map<string, Thing>} things by the ids of their elements
 * @property {(k: number) => number} numberOf the number of a scene's step, from 1
 * @property {(k: number) => string} phaseOf the phase of a scene's step
 * @property {(k: number) => Scene} scene from 0
 * @property {(k: number) => Map<string, Look>} looks of all elements after so many scenes
 * @property {(scenes: number) => string} [problemAt] what stands in the way after so many scenes
 * @property {(id: string) => number[]} past the scenes that a thing is in
 */
