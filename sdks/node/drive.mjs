// Plays every case with one SDK and writes what came of each as a line of JSON: drive.mjs SDK CASES MODULES.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import * as anthropicCalls from './anthropic_calls.mjs';
import * as mock from './mock.mjs';
import { ofError, ofJournal } from './observe.mjs';
import * as openaiCalls from './openai_calls.mjs';

// For SDK: its package, the API, its calls, the letter of its markers.
const SDKS = {
  'openai-node': ['openai', 'openai', openaiCalls, 'c'],
  'openai-node-6': ['openai-6', 'openai', openaiCalls, 'd'],
  'anthropic-node': ['@anthropic-ai/sdk', 'anthropic', anthropicCalls, 'e'],
};
const AT_ONCE = 12;
// No call may take longer, unless the case says how long one looks.
const PATIENCE_MS = 20_000;

const [sdk, file, modules] = process.argv.slice(2);
const [name, api, calls, lane] = SDKS[sdk];
const require = createRequire(pathToFileURL(`${modules}/`));
const version = JSON.parse(readFileSync(`${modules}/${name}/package.json`)).version;
const module = await import(pathToFileURL(require.resolve(name)));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// Fulfilled with OVER, unless it ends before.
const OVER = {};
function deadline(milliseconds) {
  let timer;
  const over = new Promise((resolve) => { timer = setTimeout(resolve, milliseconds, OVER); });
  return { over, end: () => clearTimeout(timer) };
}

async function observed(test) {
  const scenario = await mock.open(`${sdk} ${test.id}`, lane, test.turns);
  const client = calls.client(module, mock.providers[test.at ?? api], scenario.marker, test.options ?? {});
  const got = {};
  let [error, outcome] = [null, {}];
  const begun = performance.now();
  const patience = deadline(test.patience_ms ?? PATIENCE_MS);
  try {
    outcome = await Promise.race([calls[test.call](client, scenario.marker, got), patience.over]);
  } catch (caught) {
    error = caught;
  }
  patience.end();
  const waiting = outcome === OVER;
  const elapsed = Math.round(performance.now() - begun);
  const journal = await mock.close(scenario);
  const raised = error ? ofError(error, journal) : { raised: null };
  return { ...got, ...outcome, ...raised, ...ofJournal(journal), waiting, elapsed };
}

say({ sdk, version, runtime: process.versions.node });
const left = JSON.parse(readFileSync(file)).filter((test) => test.api === api);
async function worker() {
  for (let test = left.shift(); test; test = left.shift()) say({ case: test.id, observed: await observed(test) });
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
// A call that nobody looks at any more may still be waiting.
process.exit(0);
