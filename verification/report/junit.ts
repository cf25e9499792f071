import type { CheckResult, Expectation, Journal, Verdict } from "../model";
import { markup, type Markup } from "./escape";

/** Time of a suite in wall seconds: what CI servers add up. */
function wallSeconds({ started, ended }: { started: string; ended: string }): string {
  return Math.max(0, (Date.parse(ended) - Date.parse(started)) / 1000).toFixed(3);
}

/**
 * JUnit XML as common CI servers read it: a suite for the checks and one for each drill; a case a check or expectation.
 * What could not be observed is an error: no CI server takes it for passed. A failed check of severity warning passes,
 * its finding in the case's output.
 */
export function junitXml(journal: Journal): string {
  const suites = [
    ...(journal.checks.length > 0 ? [suite("checks", journal, journal.checks.map(checkCase))] : []),
    ...journal.drills.map((drill) =>
      suite(
        `${drill.drill} ${drill.host}`,
        drill,
        drill.expectations.map((one) => expectationCase(one, `${drill.drill}.${drill.host}`)),
      ),
    ),
    ...(journal.load === undefined
      ? []
      : [
          suite(
            "load",
            journal.load,
            journal.load.expectations.map((one) => expectationCase(one, "load")),
          ),
        ]),
    ...(journal.error === undefined ? [] : [suite("run", journal, [runCase(journal.error)])]),
  ];
  const all = suites.flatMap(({ cases }) => cases);
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vsphere-ha" ${counts(all)} time="${wallSeconds(journal)}">${suites.map(({ xml }) => xml)}
</testsuites>
`.text;
}

interface Case {
  verdict: Verdict;
  xml: Markup;
}

interface Suite {
  cases: Case[];
  xml: Markup;
}

function suite(name: string, span: { started: string; ended: string }, cases: Case[]): Suite {
  const xml = markup`
  <testsuite name="${name}" ${counts(cases)} timestamp="${span.started.replace(/(\.\d+)?Z$/, "")}" time="${wallSeconds(span)}">${cases.map((one) => one.xml)}
  </testsuite>`;
  return { cases, xml };
}

function counts(cases: readonly Case[]): Markup {
  const count = (verdict: Verdict): number => cases.filter((one) => one.verdict === verdict).length;
  return markup`tests="${cases.length}" failures="${count("failed")}" errors="${count("inconclusive")}" skipped="${count("not-applicable")}"`;
}

function checkCase(check: CheckResult): Case {
  const tolerated = check.severity === "warning" && check.verdict !== "not-applicable";
  const text = [
    check.read,
    `expected: ${check.expected}`,
    ...check.findings.map(({ subject, read, expected }) => `${subject}: ${read}; expected ${expected}`),
    `why: ${check.why}`,
    `remedy: ${check.remedy}`,
  ].join("\n");
  const output =
    tolerated && check.verdict !== "passed"
      ? markup`
      <system-out>warning: ${text}</system-out>`
      : undefined;
  return testCase(
    "checks",
    `${check.id}: ${check.title}`,
    tolerated ? "passed" : check.verdict,
    check.read,
    text,
    output,
  );
}

function expectationCase({ statement, verdict, seen, basis }: Expectation, className: string): Case {
  return testCase(className, statement, verdict, seen, `${seen}\nbasis: ${basis}`, undefined);
}

function runCase(error: string): Case {
  return testCase("run", "the run came to its end", "inconclusive", error.split("\n")[0] ?? error, error, undefined);
}

function testCase(
  className: string,
  name: string,
  verdict: Verdict,
  message: string,
  text: string,
  output: Markup | undefined,
): Case {
  const body = {
    passed: output,
    failed: markup`
      <failure message="${message}">${text}</failure>`,
    inconclusive: markup`
      <error message="${message}">${text}</error>`,
    "not-applicable": markup`
      <skipped message="${message}"/>`,
  }[verdict];
  const open = markup`
    <testcase classname="${className}" name="${name}" time="0"`;
  return {
    verdict,
    xml:
      body === undefined
        ? markup`${open}/>`
        : markup`${open}>${body}
    </testcase>`,
  };
}
