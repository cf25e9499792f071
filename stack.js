// @ts-nocheck
// Entry of the reference stack for Pulumi. Its Node language host compiles with ts-node, which takes seconds to check
// the whole program and refuses linked JavaScript packages; tsx only strips the types (`npm run types` checks them).
require("tsx/cjs");
module.exports = require("./index");
