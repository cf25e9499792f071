import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { continueKilled, refuseToDestroy, type TakenOver } from "../../../../verification/deploy/continueKilled";
import { EngineLog } from "../../../../verification/deploy/engineLog";
import { pendingOf, resourcesOf, type Pending, type StackState } from "../../../../verification/deploy/state";
import { CouldNotRun } from "../../../../verification/problems";
import type { TreeObject } from "../../../../verification/vcenter/tree";

const urn = (name: string): string => `urn:pulumi:dev::p::t::${name}`;
const creating = (type: string, name: string, inputs: Record<string, unknown> = {}): Pending => ({
  type: "creating",
  resource: { urn: urn(name), type, inputs },
});
const host = (name: string): Pending => creating("vsphere:index/host:Host", name, { hostname: name, datacenter: "dc" });
const machine = creating("vsphere:index/virtualMachine:VirtualMachine", "web", { name: "web" });
const object = (type: string, id: string, name: string, parent?: string): TreeObject => {
  return { type, id, name, parent, properties: new Map() };
};

describe("after a deployment that was killed", () => {
  let home: string;
  let notes: string[];
  let imported: StackState[];
  let asked: number;
  let inVcenter: TreeObject[];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "killed-"));
    [notes, imported, asked] = [[], [], 0];
    inVcenter = [object("Datacenter", "dc", "dc"), object("HostSystem", "host-1", "esx-1", "dc")];
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  const stateWith = (pending: Pending[]): StackState => ({
    version: 3,
    deployment: { manifest: {}, resources: [{ urn: urn("before"), type: "t" }], pending_operations: pending },
  });
  const stackOf = (state: StackState) => ({
    state: () => Promise.resolve(state),
    putState: (next: StackState) => {
      imported.push(next);
      return Promise.resolve();
    },
  });
  function next(pending: Pending[]): Promise<TakenOver | undefined> {
    return continueKilled({
      name: "org/dev",
      stack: stackOf(stateWith(pending)),
      env: { PULUMI_HOME: home },
      note: (line) => notes.push(line),
      objects: () => {
        asked++;
        return Promise.resolve(inVcenter);
      },
    });
  }
  const kept = (): string[] => readdirSync(home);

  it("with nothing under way the state stays as it is", async () => {
    assert.equal(await next([]), undefined);
    assert.deepEqual([imported, notes, asked, kept()], [[], [], 0, []]);
  });

  it("what it updated, or created elsewhere, is begun anew; vCenter is not asked", async () => {
    const pending = [{ ...host("esx-1"), type: "updating" }, creating("command:local:Command", "check")];
    assert.equal(await next(pending), undefined);
    assert.deepEqual(imported.map(pendingOf), [[]]);
    assert.deepEqual(
      imported.flatMap(resourcesOf).map((one) => one.urn),
      [urn("before")],
    );
    assert.deepEqual(notes, [
      "a deployment was killed while updating esx-1, creating check: this one begins that anew",
    ]);
    assert.deepEqual([asked, kept()], [0, []]);
  });

  it("what it had not yet created is begun anew", async () => {
    assert.equal(await next([host("esx-2")]), undefined);
    assert.deepEqual(notes, ["a deployment was killed while creating esx-2: this one begins that anew"]);
    assert.deepEqual([asked, kept()], [1, []]);
  });

  it("what it had created is taken over, and the state before is kept for this user alone", async () => {
    const taken = await next([host("esx-1"), host("esx-2")]);
    const [state] = imported;
    assert.ok(state !== undefined && taken !== undefined);
    assert.deepEqual(pendingOf(state), []);
    assert.deepEqual(
      resourcesOf(state).map(({ urn: name, id }) => [name, id]),
      [
        [urn("before"), undefined],
        [urn("esx-1"), "host-1"],
      ],
    );
    assert.deepEqual(JSON.parse(readFileSync(taken.file, "utf8")), taken.before);
    assert.equal(statSync(taken.file).mode & 0o077, 0);
    assert.equal(statSync(join(home, "vsphere-ha")).mode & 0o077, 0);
    assert.match(notes[0] ?? "", /killed while creating esx-2: this one begins that anew/);
    assert.match(
      notes[1] ?? "",
      /made, and before it had recorded: host esx-1 \(host-1\) as esx-1\. This one takes that over/,
    );
    assert.ok(notes[1]?.includes(`pulumi stack import --stack org/dev --file ${taken.file}`), notes[1]);
  });

  it("what the state has already is not created, whatever stands there as under way", async () => {
    const recorded = {
      ...stateWith([]),
      deployment: { resources: [host("esx-1").resource], pending_operations: [host("esx-1")] },
    };
    const stack = stackOf(recorded);
    await continueKilled({
      name: "dev",
      stack,
      env: { PULUMI_HOME: home },
      note: (line) => notes.push(line),
      objects: () => Promise.resolve(inVcenter),
    });
    assert.deepEqual(
      imported.flatMap(resourcesOf).map(({ urn: name }) => name),
      [urn("esx-1")],
    );
    assert.deepEqual(imported.map(pendingOf), [[]]);
  });

  async function refused(pending: Pending[]): Promise<string> {
    try {
      await next(pending);
    } catch (error) {
      assert.ok(error instanceof CouldNotRun);
      assert.deepEqual([imported, notes, kept()], [[], [], []]);
      return error.message;
    }
    return assert.fail("not refused");
  }

  it("nothing is changed when more than one object fits, or one that holds data", async () => {
    inVcenter.push(object("HostSystem", "host-2", "esx-1", "dc"));
    inVcenter.push(object("Folder", "v", "vm", "dc"), object("VirtualMachine", "vm-7", "web", "v"));
    const message = await refused([host("esx-1"), machine]);
    assert.match(message, /^ {2}esx-1: vCenter has host esx-1 \(host-1\), host esx-1 \(host-2\); more than one fits$/m);
    assert.match(message, /^ {2}web: vCenter has virtual machine web \(vm-7\); it may be half made, or somebody's/m);
    assert.match(
      message,
      /If it did, remove it in vCenter\. If it is somebody's, rename it there, or declare another name/,
    );
  });

  describe("what was taken over", () => {
    const proposed = (op: string, name: string, type = "vsphere:index/host:Host"): EngineLog => {
      const log = new EngineLog();
      log.add({ resourcePreEvent: { metadata: { op, urn: urn(name), type, new: { custom: true } } } });
      return log;
    };

    it("may be changed; other things may be replaced", async () => {
      const taken = await next([host("esx-1")]);
      imported = [];
      const stack = stackOf(stateWith([]));
      for (const log of [
        proposed("update", "esx-1"),
        proposed("replace", "esx-2"),
        proposed("delete", "esx-1", "other"),
      ]) {
        await refuseToDestroy(taken, log, stack);
      }
      await refuseToDestroy(undefined, proposed("replace", "esx-1"), stack);
      assert.deepEqual(imported, []);
    });

    it("is given back when it would be replaced or deleted", async () => {
      const taken = await next([host("esx-1")]);
      for (const op of ["replace", "delete"]) {
        imported = [];
        await assert.rejects(
          refuseToDestroy(taken, proposed(op, "esx-1"), stackOf(stateWith([]))),
          /esx-1: vCenter has host esx-1 \(host-1\); it is otherwise than declared, and deployment would replace it/,
        );
        assert.deepEqual(imported, [taken?.before]);
      }
    });
  });
});
