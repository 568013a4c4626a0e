/**
 * Runs a bundled app with the code that V8 compiled for an earlier process, which saves a quarter of the processor time
 * of a start. The first process that succeeds leaves that code beside the bundle.
 */
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { cachedDataVersionTag, setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/** As for specs (native-circus.mjs): most code runs for too short a time to make up for its optimization. */
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=2000000');

/** What a bundle finds beside the globals of Node. */
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname', 'importOf', 'urlOfBundle'];

/**
 * @param {string} name the bundle: ASCII, in CommonJS
 * @param {string} from the URL of the module beside it
 */
exports.runBundle = (name, from) => {
  const file = fileURLToPath(new URL(name, from));
  // V8 rejects code that it compiled in another version, or with other flags.
  const cache = `${file}.${cachedDataVersionTag()}`;
  const cachedData = contentOf(cache);
  const source = `(function (${PARAMETERS.join(', ')}) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected)
    process.once('exit', (code) => {
      // A refused start or a help text has compiled little.
      const hasWorked = code === 0 && !['--help', '--version'].some((option) => process.argv.includes(option));
      if (hasWorked) keep(script, cache);
    });
  const module = { exports: {} };
  const importOf = (name) => import(name);
  script.runInThisContext()(
    module.exports,
    createRequire(file),
    module,
    file,
    dirname(file),
    importOf,
    pathToFileURL(file).href,
  );
};

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function keep(script, cache) {
  try {
    const beside = `${cache}.${process.pid}`;
    writeFileSync(beside, script.createCachedData());
    renameSync(beside, cache);
  } catch {
    // The next process tries again.
  }
}
