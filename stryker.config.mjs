/** Mutation score of the verification: `npm run mutation`. Takes an hour or more; not a part of `npm test`. */
export default {
  testRunner: "mocha",
  mochaOptions: {
    spec: ["test/unit/verification/**/*.test.ts"],
    // Measures how late another thread is: not on a machine that a mutation run keeps busy.
    ignore: ["test/unit/verification/probes/probeThread.test.ts"],
    require: ["tsx/cjs"],
    extension: ["ts"],
  },
  ignorePatterns: ["/.lab", "/.sdks", "/lab/**/*.go", "/report", "/docs/*.png"],
  mutate: ["verification/**/*.ts"],
  coverageAnalysis: "perTest",
  reporters: ["clear-text", "progress", "json"],
  jsonReporter: { fileName: ".stryker/report.json" },
  tempDirName: ".stryker/tmp",
  incremental: true,
  incrementalFile: ".stryker/incremental.json",
  thresholds: { high: 90, low: 85, break: 85 },
};
