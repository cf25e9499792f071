import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineLog, nameOf, type EngineEvent, type Step } from "../../../../verification/deploy/engineLog";
import { killedBy, orderlyEnd } from "../../../../verification/deploy/stack";

const urn = (name: string): string =>
  `urn:pulumi:dev::ours::vsphere-ha:index:EsxiCluster$vsphere:index/host:Host::${name}`;

function step(op: string, name: string, changes: Partial<Step> = {}): Step {
  return { op, urn: urn(name), type: "vsphere:index/host:Host", new: { custom: true }, ...changes };
}

const begin = (metadata: Step): EngineEvent => ({ resourcePreEvent: { metadata } });
const done = (metadata: Step): EngineEvent => ({ resOutputsEvent: { metadata } });
const failed = (metadata: Step): EngineEvent => ({ resOpFailedEvent: { metadata } });

function logOf(...events: EngineEvent[]): EngineLog {
  const log = new EngineLog();
  for (const event of events) log.add(event);
  return log;
}

describe("the log of an operation of Pulumi", () => {
  it("tells what would change, with each property's old and new value", () => {
    const update = step("update", "esx-01", {
      old: { custom: true, inputs: { lockdown: "disabled" }, outputs: { tags: ["a"], deep: { "a.b": [{ c: 1 }] } } },
      new: { custom: true, inputs: { lockdown: "normal", deep: { "a.b": [{ c: 2 }] } } },
      detailedDiff: { lockdown: {}, tags: {}, 'deep["a.b"][0].c': {} },
    });
    const log = logOf(begin(step("create", "esx-02")), begin(update), begin(step("same", "esx-03")));
    assert.deepEqual(log.changes(false), [
      {
        resource: "esx-02",
        type: "vsphere:index/host:Host",
        operation: "create",
        state: "proposed",
        properties: [],
      },
      {
        resource: "esx-01",
        type: "vsphere:index/host:Host",
        operation: "update",
        state: "proposed",
        properties: [
          { property: "lockdown", before: "disabled", after: "normal" },
          { property: "tags", before: '["a"]', after: "not set" },
          { property: 'deep["a.b"][0].c', before: "1", after: "2" },
        ],
      },
    ]);
  });

  it("never tells a secret, nor a value that is not known yet", () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" };
    const update = step("replace", "esx-01", {
      old: { custom: true, inputs: { password: secret } },
      new: { custom: true, inputs: { password: secret, id: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } },
      detailedDiff: { password: {}, id: {} },
    });
    assert.deepEqual(logOf(begin(update)).changes(false)[0]?.properties, [
      { property: "password", before: "[secret]", after: "[secret]" },
      { property: "id", before: "not set", after: "known after the deployment" },
    ]);
  });

  it("leaves out components and providers", () => {
    const component = step("create", "cluster", { new: { custom: false } });
    const provider = step("create", "vcenter", { type: "pulumi:providers:vsphere" });
    const gone = step("delete", "esx-01", { old: { custom: true } });
    delete gone.new;
    assert.deepEqual(
      logOf(begin(component), begin(provider), begin(gone))
        .changes(false)
        .map(({ resource, operation }) => [resource, operation]),
      [["esx-01", "delete"]],
    );
  });

  it("tells each change when it ends, and which did not", () => {
    const log = new EngineLog();
    const [a, b, c] = [step("create", "a"), step("import", "b"), step("update", "c")];
    for (const one of [a, b, c]) assert.equal(log.add(begin(one)), undefined);
    assert.equal(log.add(done(a))?.state, "done");
    assert.equal(log.add(failed(b))?.state, "failed");
    assert.equal(log.add(done(b))?.state, "done", "what it tells of the last part");
    assert.equal(log.add(done(step("same", "d"))), undefined);
    assert.deepEqual(
      log.changes(true).map(({ resource, state }) => [resource, state]),
      [
        ["a", "done"],
        ["b", "failed"],
        ["c", "unfinished"],
      ],
    );
  });

  it("tells what a refresh found otherwise, and takes that for no change to be made", () => {
    const read = (op: string, name: string, changes: Partial<Step> = {}): EngineEvent[] => [
      begin(step("refresh", name)),
      done(step(op, name, changes)),
    ];
    const log = logOf(
      ...read("same", "same"),
      ...read("delete", "gone", { old: { custom: true } }),
      ...read("update", "changed", {
        old: { custom: true, outputs: { maintenance: false } },
        new: { custom: true, outputs: { maintenance: true } },
        detailedDiff: { maintenance: {} },
      }),
      begin(step("update", "changed")),
    );
    assert.deepEqual(
      log.drift().map(({ resource, operation, properties }) => [resource, operation, properties]),
      [
        ["gone", "delete", []],
        ["changed", "update", [{ property: "maintenance", before: "false", after: "true" }]],
      ],
    );
    assert.deepEqual(
      log.changes(false).map(({ resource }) => resource),
      ["changed"],
    );
  });

  it("keeps the violations of policies, and the rules that were asked", () => {
    const policyEvent = { policyName: "ha-on", policyPackName: "p", message: " HA is off.\n  Turn it on.\n" };
    const log = logOf(
      { policyEvent: { ...policyEvent, enforcementLevel: "mandatory", resourceUrn: urn("cluster") } },
      { policyEvent: { ...policyEvent, enforcementLevel: "advisory" } },
      { policyAnalyzeSummaryEvent: { policyPackName: "p", passed: ["a"], failed: ["ha-on"] } },
      { policyAnalyzeStackSummaryEvent: { policyPackName: "p", passed: ["a", "b"], failed: null } },
    );
    assert.deepEqual(log.violations, [
      { policy: "ha-on", pack: "p", mandatory: true, resource: "cluster", message: "HA is off. Turn it on." },
      { policy: "ha-on", pack: "p", mandatory: false, resource: "the stack", message: "HA is off. Turn it on." },
    ]);
    assert.deepEqual([...(log.rules().get("p") ?? [])].sort(), ["a", "b", "ha-on"]);
  });

  it("keeps errors once, by resource, and no other message", () => {
    const error = (message: string, of?: string, severity = "error"): EngineEvent => ({
      diagnosticEvent: { message, severity, ...(of !== undefined && { urn: of }) },
    });
    const log = logOf(
      error(" no such host\n", urn("esx-01")),
      error("no such host", urn("esx-01")),
      error("no such host", ""),
      error("password hunter2", undefined, "debug"),
      error("update failed"),
      error("  "),
    );
    assert.deepEqual(log.errors, ["esx-01: no such host", "no such host"]);
  });

  it("names a resource by the last part of its URN", () => {
    assert.equal(nameOf(urn("a-b.c")), "a-b.c");
  });
});

describe("an operation of Pulumi that is interrupted", () => {
  it("says whether it got the signal", () => {
    const log = logOf({ stdoutEvent: { message: "hello" } });
    assert.equal(log.cancelling, false);
    log.add({
      stdoutEvent: { message: "SIGTERM received; cancelling. If you would like to terminate immediately, …" },
    });
    assert.equal(log.cancelling, true);
  });

  it("is told so once, and not at all when it has the signal already", async () => {
    const told = async (heard: boolean, before: boolean): Promise<boolean> => {
      const stop = new AbortController();
      if (before) stop.abort();
      const order = orderlyEnd(stop.signal, () => heard, 5);
      stop.abort();
      assert.equal(order.aborted, false);
      await sleep(50);
      return order.aborted;
    };
    assert.deepEqual(await Promise.all([told(false, false), told(false, true), told(true, false)]), [
      true,
      true,
      false,
    ]);
  });

  it("is told nothing while nobody interrupts", async () => {
    const order = orderlyEnd(new AbortController().signal, () => false, 5);
    await sleep(50);
    assert.equal(order.aborted, false);
  });
});

describe("a Pulumi CLI that did not end by itself", () => {
  it("was killed, which is said in place of its output", () => {
    const error = new Error(
      "code: -2\n stderr: Command was killed with SIGKILL (Forced termination): pulumi up\nUpdating",
    );
    assert.match(killedBy(error) ?? "", /^the Pulumi CLI was killed \(SIGKILL\): deploy again/);
    assert.equal(killedBy(new Error("Command failed with exit code 255: pulumi up")), undefined);
  });
});
