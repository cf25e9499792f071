import assert from "node:assert/strict";
import { LocalWorkspace, type OpMap, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import { unansweredCalls } from "./calls";

/** Numbers of operations but for `same`. */
export const changed = (summary: OpMap = {}): OpMap =>
  Object.fromEntries(Object.entries(summary).filter(([operation]) => operation !== "same"));

/** Neither refresh nor preview finds anything to change: a refresh that changes nothing leaves what an earlier preview would see. */
export async function assertSettled(stack: Stack): Promise<void> {
  assert.deepEqual(changed((await stack.refresh()).summary.resourceChanges), {}, "refresh");
  assert.deepEqual(changed((await stack.preview()).changeSummary), {}, "preview");
}

/** A stack whose program is a function of the test. */
export function inlineStack(projectName: string, program: PulumiFn): Promise<Stack> {
  return LocalWorkspace.createStack({ projectName, stackName: "dev", program });
}

/** A lab for the surrounding suite: started before it, its environment in force during it, stopped after it. */
export function labOfSuite(name: string): () => Lab {
  let lab: Lab | undefined;
  const environment = { ...process.env };

  before(async () => {
    lab = await startLab({ name });
    Object.assign(process.env, lab.env);
  });

  after(async () => {
    for (const key of Object.keys(lab?.env ?? {})) {
      Reflect.deleteProperty(process.env, key);
    }
    Object.assign(process.env, environment);
    if (!lab) return;
    try {
      assert.deepEqual(unansweredCalls(lab), [], "the lab does not know these calls");
    } finally {
      await stopLab(name);
    }
  });

  return () => {
    assert.ok(lab, "the lab is started before the suite");
    return lab;
  };
}
