#!/usr/bin/env node
// The command in package.json's `bin`. tsx runs the TypeScript sources as they are.
require("tsx/cjs");
require("../verification/cli.ts");
