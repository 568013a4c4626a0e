const specsOf = (report) => report?.testResults ?? [];
const testsOf = (report) => specsOf(report).flatMap(({ assertionResults }) => assertionResults);
const failedIn = ({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed');
/** A spec that could not be loaded, or that failed outside of its tests. */
const isBroken = (spec) => spec.status === 'failed' && failedIn(spec).length === 0;

/** Totals of the JSON report of Jest over all projects. A spec that could not start counts as one failure. */
export function totalsOf(report) {
  const count = (...statuses) => testsOf(report).filter(({ status }) => statuses.includes(status)).length;
  return {
    passed: count('passed'),
    failed: count('failed') + specsOf(report).filter(isBroken).length,
    skipped: count('pending', 'todo'),
  };
}

/** Paths of the specs that failed. */
export const failedSpecs = (report) =>
  specsOf(report)
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => name);

/** A report in which the results of specs that ran again replace those of their first run. */
export function withSecondRun(report, second) {
  const again = new Map(specsOf(second).map((spec) => [spec.name, spec]));
  return { testResults: specsOf(report).map((spec) => again.get(spec.name) ?? spec) };
}

export const totalLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * The reason in a title such as `skipped: redis-server is missing. ...` or `a cluster (skipped: nginx is missing.
 * ...)`.
 */
const reasonIn = (title) => /\bskipped: (.+?)\)?$/.exec(title)?.[1];

/** One line that says why tests were skipped and how to run them; `null` if none was skipped. */
export function skippedLine(report) {
  const pending = testsOf(report).filter(({ status }) => status === 'pending');
  if (pending.length === 0) return null;
  const named = pending.flatMap(({ ancestorTitles }) => ancestorTitles.map(reasonIn).filter(Boolean).slice(0, 1));
  const reasons = [...new Set(named)];
  if (named.length < pending.length) reasons.push(`${pending.length - named.length} were not selected`);
  return `${pending.length} skipped: ${reasons.join('; ')}`;
}

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const MESSAGE_LINES = 6;

/** The failed tests with the first lines of their messages, so that the end of a long log says what failed. */
export const failedTests = (report, root, word = 'FAILED') =>
  specsOf(report).flatMap((spec) => {
    const file = spec.name.replace(`${root}/`, '');
    const itself = isBroken(spec) ? [{ fullName: '(the file)', failureMessages: [spec.message] }] : [];
    return [...itself, ...failedIn(spec)].map(({ fullName, failureMessages }) =>
      [`${word} ${file} > ${fullName}`, ...firstLines(failureMessages)].join('\n'),
    );
  });

/** The tests of specs that failed and passed when these ran again, with the messages of the first run. */
export function flakyTests(report, second, root) {
  const passed = new Set(specsOf(second).flatMap(({ name, status }) => (status === 'passed' ? [name] : [])));
  return failedTests({ testResults: specsOf(report).filter(({ name }) => passed.has(name)) }, root, 'FLAKY');
}

const firstLines = (messages) =>
  (messages ?? []).flatMap((message) =>
    String(message)
      .replaceAll(ESCAPES, '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, MESSAGE_LINES)
      .map((line) => `  ${line}`),
  );
