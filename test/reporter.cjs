// Mocha's spec reporter that also leaves the counts in the file named by MOCHA_COUNTS, for test/run.ts to sum.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class extends reporters.Spec {
  /** @override @param {number} failures @param {((failures: number) => void) | undefined} finish */
  done(failures, finish) {
    const { passes, pending } = this.stats;
    if (process.env.MOCHA_COUNTS) {
      // A pending test is one that nobody ran: it counts as failed.
      writeFileSync(process.env.MOCHA_COUNTS, JSON.stringify({ passed: passes, failed: failures + pending }));
    }
    finish?.(failures);
  }
};
