// What a case came to, as the same record in every language: what the SDK gave back, and what the mock saw.

const SENT = ['authorization', 'x-api-key', 'anthropic-version', 'content-type', 'x-stainless-lang'];

// Attempts, the milliseconds from one's arrival to the next's, and what the SDK sent.
export function ofJournal(journal) {
  const headers = journal.map((entry) =>
    Object.fromEntries(entry.request.headers.map(([name, value]) => [name.toLowerCase(), value])));
  const sent = headers[0] ?? {};
  return {
    attempts: journal.length,
    gaps: journal.slice(1).map((entry, at) => Math.floor((entry.arrived - journal[at].arrived) / 1000)),
    retry_counts: headers.map((fields) => fields['x-stainless-retry-count'] ?? null),
    path: journal[0]?.request.target ?? null,
    undelivered: journal.map((entry) => entry.undelivered).filter(Boolean),
    sent: Object.fromEntries(SENT.filter((name) => name in sent).map((name) => [name, sent[name]])),
  };
}

// The exception as a program that catches it sees it.
export function ofError(error, journal) {
  const id = error.requestID ?? null;
  return {
    raised: error.constructor.name.replace(/^_/, ''),
    status: error.status ?? null,
    code: error.code ?? null,
    type: error.type ?? null,
    param: error.param ?? null,
    message: error.message,
    request_id: id === null ? null : ids(journal).has(id) ? "the provider's" : id,
  };
}

// The request ids that the mock gave out.
function ids(journal) {
  const fields = journal.flatMap((entry) => entry.played.headers);
  return new Set(fields.filter(([name]) => ['x-request-id', 'request-id'].includes(name.toLowerCase())).map(([, id]) => id));
}
