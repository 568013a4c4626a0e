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

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const MESSAGE_LINES = 6;

/** The failed tests with the first lines of their messages, so that the end of a long log says what failed. */
export const failedTests = (report, root) =>
  (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const file = name.replace(`${root}/`, '');
    const suite =
      status === 'failed' && failed.length === 0 ? [{ fullName: '(the file)', failureMessages: [message] }] : [];
    return [...suite, ...failed].map(({ fullName, failureMessages }) =>
      [`FAILED ${file} > ${fullName}`, ...firstLines(failureMessages)].join('\n'),
    );
  });

const firstLines = (messages) =>
  (messages ?? []).flatMap((message) =>
    String(message)
      .replaceAll(ESCAPES, '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, MESSAGE_LINES)
      .map((line) => `  ${line}`),
  );
