const add = (report, ...names) => names.reduce((sum, name) => sum + (report?.[name] ?? 0), 0);

/** The totals of Jest's JSON report over all its projects. A suite that could not even start counts as one failure. */
export const totalsOf = (report) => ({
  passed: add(report, 'numPassedTests'),
  failed: add(report, 'numFailedTests', 'numRuntimeErrorTestSuites'),
  skipped: add(report, 'numPendingTests', 'numTodoTests'),
});

export const totalLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
