// Pyodide as a process: node serve.mjs FOLDER WHEEL...  Each line that comes is a program, as JSON;
// each that goes is what it printed, and its error.  FOLDER is /host there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { loadPyodide } from "pyodide";

const [folder, ...wheels] = process.argv.slice(2);
// What Viz.js, which is a script for pages, looks for when it is not in one.
Object.assign(globalThis, { require: createRequire(import.meta.url), __filename: "/", __dirname: "/" });

let printed = [];
const python = await loadPyodide({ stdout: (line) => printed.push(line), stderr: (line) => printed.push(line) });
const packages = python.runPython("import site; site.getsitepackages()[0]");
for (const wheel of wheels) {
  python.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel", { extractDir: packages });
}
python.FS.mkdir("/host");
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/host");
for await (const line of createInterface({ input: process.stdin })) {
  printed = [];
  let error = "";
  try {
    await python.runPythonAsync(JSON.parse(line), { globals: python.toPy({ __name__: "__main__" }) });
  } catch (problem) {
    error = String(problem.message);
  }
  process.stdout.write(`${JSON.stringify({ printed: printed.join("\n"), error })}\n`);
}
