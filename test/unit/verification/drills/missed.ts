import assert from "node:assert/strict";
import type { Journal } from "../../../../verification/model";

/** What failed in a run that was stopped. */
export function harm({ drills, error = "" }: Journal): string[] {
  assert.match(error, /^stopped: /);
  return drills.flatMap(({ expectations }) =>
    expectations.filter(({ verdict }) => verdict === "failed").map(({ id, seen }) => `${id}: ${seen}`),
  );
}

/** What did not pass in a run that came to its end: verdict, expectation, and what was seen. */
export function bad({ drills, error }: Journal): string[] {
  assert.equal(error, undefined);
  return drills.flatMap(({ expectations }) =>
    expectations
      .filter(({ verdict }) => verdict !== "passed")
      .map(({ id, verdict, seen }) => `${verdict} ${id}: ${seen}`),
  );
}
