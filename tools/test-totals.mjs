const add = (report, ...names) => names.reduce((sum, name) => sum + (report?.[name] ?? 0), 0);

/** Totals of the JSON report of Jest over all projects. A suite that could not start counts as one failure. */
export const totalsOf = (report) => ({
  passed: add(report, 'numPassedTests'),
  failed: add(report, 'numFailedTests', 'numRuntimeErrorTestSuites'),
  skipped: add(report, 'numPendingTests', 'numTodoTests'),
});

export const totalLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * The reason in a title such as `skipped: redis-server is missing. ...` or `a cluster (skipped: nginx is missing.
 * ...)`.
 */
const reasonIn = (title) => /\bskipped: (.+?)\)?$/.exec(title)?.[1];

/** One line that says why tests were skipped and how to run them; `null` if none was skipped. */
export function skippedLine(report) {
  const pending = (report?.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'pending');
  if (pending.length === 0) return null;
  const named = pending.flatMap(({ ancestorTitles }) => ancestorTitles.map(reasonIn).filter(Boolean).slice(0, 1));
  const reasons = [...new Set(named)];
  if (named.length < pending.length) reasons.push(`${pending.length - named.length} were not selected`);
  return `${pending.length} skipped: ${reasons.join('; ')}`;
}
