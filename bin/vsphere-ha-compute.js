#!/usr/bin/env node
// The command in package.json's `bin`. tsx runs the TypeScript sources as they are, here and in node_modules.
require("tsx/cjs/api").register();
require("../components/nova/cli");
