#!/usr/bin/env node
// The command in package.json's `bin`: compiled in the package; in a checkout tsx runs the sources as they are.
const { existsSync } = require("node:fs");
const { join } = require("node:path");
if (existsSync(join(__dirname, "../components/nova/cli.ts"))) {
  require("tsx/cjs/api").register();
  require("../components/nova/cli");
} else {
  require(join(__dirname, "../dist/components/nova/cli"));
}
