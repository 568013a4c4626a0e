import autocannon from 'autocannon';

export const CONNECTIONS = 64;

/** Sends a bounded number of requests from this process; every response must be 2xx. */
export async function bombard({ url, token }, requests, amount, connections = CONNECTIONS) {
  const result = await autocannon({
    url,
    connections,
    amount,
    headers: { authorization: `Bearer ${token}` },
    requests,
    timeout: 30,
    // Interval of checking for completion; a longer one would round the figure.
    sampleInt: 10,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} responses were not 2xx, ${result.errors} requests failed`);
  const took = (result.finish - result.start) / 1_000;
  return { perSecond: result['2xx'] / took, p50: result.latency.p50, p99: result.latency.p99 };
}

export const assignAt = ({ path }) => ({
  method: 'POST',
  path: `${path}/assignments`,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ resource: 'sip_number', label: '101' }),
});

export const quotaAt = ({ path }) => ({ method: 'GET', path: `${path}/quota` });
