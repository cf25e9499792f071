// @ts-nocheck
// Entry of the policy pack for Pulumi, as stack.js is that of the reference stack.
require("tsx/cjs");
require("./pack");
