/** What a suite's output says: how many tests passed and failed. Pure; test/run.ts starts the processes. */
export interface Counts {
  passed: number;
  failed: number;
}

/** A command that is one test by itself, such as a linter: its exit code is the verdict. */
export function countsOfExitCode(code: number): Counts {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Counts the top-level tests in the output of `go test -json`. A package that fails without a failing test
 * (it does not compile, or its process died) is one failure. A skipped test is one that nobody ran: failed.
 */
export function countsOfGoTest(output: string): Counts {
  const counts: Counts = { passed: 0, failed: 0 };
  const packagesWithFailedTests = new Set<string>();
  const failedPackages = new Set<string>();
  for (const line of output.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as { Action: string; Package?: string; ImportPath?: string; Test?: string };
    const name = event.Package ?? event.ImportPath ?? "";
    if (event.Test === undefined) {
      if (event.Action === "fail") failedPackages.add(name);
      continue;
    }
    if (event.Test.includes("/")) continue;
    if (event.Action === "pass") counts.passed++;
    if (event.Action === "fail" || event.Action === "skip") {
      counts.failed++;
      packagesWithFailedTests.add(name);
    }
  }
  for (const name of failedPackages) if (!packagesWithFailedTests.has(name)) counts.failed++;
  return counts;
}

/** No suite may end without having run a test, nor exit badly with every test counted as passed. */
export function countsOfProcess(counts: Counts | undefined, code: number): Counts {
  if (counts === undefined || counts.passed + counts.failed === 0) return { passed: 0, failed: 1 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

export function sum(all: Counts[]): Counts {
  return all.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), { passed: 0, failed: 0 });
}
