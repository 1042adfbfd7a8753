// Scenarios of the mock, opened and closed over its control API.

const control = `${process.env.MOCK_CONTROL}/v1`;
export const providers = JSON.parse(process.env.MOCK_PROVIDERS);

let number = 0;

// A word of this run: `lane` is a letter that no other program uses.
function freshMarker(lane) {
  let rest = number++;
  let word = '';
  for (let at = 0; at < 11; at += 1) {
    word += String.fromCharCode(97 + (rest % 26));
    rest = Math.floor(rest / 26);
  }
  return `zuqi${lane}${word}`;
}

// The turns with `$(date+N)` replaced by the HTTP date N seconds from now.
function dated(turns) {
  const date = (_, seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  return JSON.parse(JSON.stringify(turns).replace(/\$\(date\+(\d+)\)/g, date));
}

// What answers the requests that carry `marker`.
export async function open(name, lane, turns) {
  const marker = freshMarker(lane);
  const script = { turns: dated(turns), then: 'repeat' };
  const asked = { name, ttl_ms: 60_000, markers: [{ word: marker, send: 1 }], scripts: [{ script }] };
  const { id } = await call('POST', '/scenarios', asked);
  return { id, marker };
}

// Ends a scenario; the journal of what arrived.
export async function close({ id }) {
  // The SDK may know the end of an exchange a moment before the mock has noted it.
  await call('GET', `/scenarios/${id}/progress?idle=true&wait_ms=10000`);
  const { journal, dropped } = await call('DELETE', `/scenarios/${id}`);
  if (dropped) throw new Error(`the journal dropped ${dropped} entries`);
  return journal;
}

async function call(method, path, body) {
  const headers = { authorization: `Bearer ${process.env.MOCK_TOKEN}` };
  const answer = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
