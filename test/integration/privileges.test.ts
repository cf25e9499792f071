import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import * as vsphere from "@pulumi/vsphere";
import { loadConfig } from "../../verification/config";
import { maintenanceModeFault } from "../../verification/faults/maintenanceMode";
import { duties, privilegesFor, type Privilege } from "../../verification/privileges";
import { connect, type VCenter } from "../../verification/vcenter/client";
import { DeployedLab, type Ended } from "./deployedLab";
import { OperatorRole } from "./operatorRole";
import { refusableCalls } from "./refusableCalls";
import { Administrator } from "./smallCluster";

const timeScale = 20;
const root = resolve(__dirname, "../..");
/** The provider's read of storage policies has an endpoint of its own, and is tried by drift. */
const ofPolicies = "PbmQueryAssociatedProfile";

const rowsOf = (...commands: string[]): Privilege[] =>
  duties.filter((duty) => duty.for.some((one) => commands.includes(one))).flatMap(({ privileges }) => privileges);
const distinct = (rows: Privilege[]): Privilege[] =>
  rows.filter((row, n) => rows.findIndex((one) => one.privilege === row.privilege && one.call === row.call) === n);

const deploymentRows = distinct(rowsOf("deploy", "destroy")).filter(({ call }) => call !== ofPolicies);
const drills = duties
  .flatMap((duty) => duty.for)
  .filter((one) => !["deploy", "destroy", "drift", "load"].includes(one));
const verifierRows = distinct(rowsOf(...drills, "load"));

describe("a vCenter user with just the privileges of the table", function () {
  this.timeout(600_000);
  let deployed: DeployedLab;
  let admin: Administrator;
  let operator: Administrator;
  let role: OperatorRole;

  before(async () => {
    deployed = await DeployedLab.withoutDeployment("privileges", timeScale);
    admin = await Administrator.logIn(deployed.lab.env, timeScale);
    role = await OperatorRole.of(deployed.lab, admin);
    await role.may([]);
    operator = await Administrator.logIn({ ...deployed.lab.env, ...role.env }, timeScale);
  });

  after(async () => {
    await operator.logOut();
    await admin.logOut();
    await deployed.stop();
  });

  const without = (missing: string, ...commands: string[]): Promise<void> =>
    role.may(privilegesFor(...commands).filter((one) => one !== missing));
  const lacked = ({ privilege, call }: Pick<Privilege, "privilege" | "call">): RegExp =>
    new RegExp(
      `vCenter 127\\.[\\d.:]+ \\(${call}\\): .*lacks the privilege ${privilege.replaceAll(".", "\\.")} on \\w+ [\\w-]+`,
    );

  async function verifier(...args: string[]): Promise<Ended & { output: string }> {
    const ended = await deployed.verifier(args, undefined, role.env);
    return { ...ended, output: ended.stdout + ended.stderr };
  }

  async function onStack(command: string): Promise<Ended & { output: string }> {
    const args = [join(root, "bin", "vsphere-ha.js"), command, "--stack", "dev", "--report", deployed.report(command)];
    const ended = await deployed.run(process.execPath, args, undefined, role.env);
    return { ...ended, output: ended.stdout + ended.stderr };
  }

  describe("deploys", () => {
    it("nothing but what it may, and is told what it lacks", async () => {
      await without("Host.Inventory.AddStandaloneHost", "deploy");
      const { code, output } = await onStack("deploy");
      assert.equal(code, 1, output);
      assert.match(
        output,
        /vCenter 127\S+: of the privileges that this takes, user operator@vsphere\.local lacks on datacenter Lab: Host\.Inventory\.AddStandaloneHost \(AddStandaloneHost_Task\); add/,
      );
    });

    it("the reference stack, from where that ended, and verifies it", async () => {
      await role.may(privilegesFor("deploy"));
      const { code, output } = await onStack("deploy");
      assert.equal(code, 0, output);
      await deployed.keepOutput();
    });

    it("a VM with a blank disk, and destroys it", async () => {
      await role.may(privilegesFor("deploy", "destroy"));
      const { PATH } = process.env;
      process.env.PATH = deployed.lab.env.PATH; // where the Pulumi CLI is looked for
      try {
        const stack = await blankStack({ ...deployed.lab.env, ...role.env });
        await stack.up();
        await stack.destroy();
      } finally {
        process.env.PATH = PATH;
      }
    });
  });

  describe("looks:", () => {
    it("checks with no privileges but those that looking needs", async () => {
      await role.may([]);
      const { code, output } = await verifier("check");
      assert.equal(code, 0, output);
    });

    it("reads drift, and is told what it lacks", async () => {
      await role.may([]);
      const refused = await onStack("drift");
      assert.equal(refused.code, 2, refused.output);
      assert.match(refused.output, /lacks on datacenter Lab: .*StorageProfile\.View \(PbmQueryAssociatedProfile\)/);
      await role.may(privilegesFor("drift"));
      const { code, output } = await onStack("drift");
      assert.equal(code, 0, output);
    });
  });

  describe("is refused by vCenter", () => {
    for (const row of deploymentRows) {
      it(`${row.call} of a deployment without ${row.privilege}`, async () => {
        await without(row.privilege, "deploy", "destroy");
        const { on, parameters } = (await refusableCalls(admin))(row);
        await assert.rejects(operator.call(row.call, on, ...parameters), lacked(row));
      });
    }

    for (const row of verifierRows) {
      it(`${row.call} of a drill or load without ${row.privilege}`, async () => {
        await without(row.privilege, ...drills, "load");
        const env = { ...deployed.lab.env, ...role.env };
        const vcenter = await connect(loadConfig([deployed.config], env), env);
        try {
          await assert.rejects(attempts[row.call]?.(vcenter, env) ?? assert.fail(row.call), lacked(row));
        } finally {
          await vcenter.close();
        }
      });
    }
  });

  describe("is told by the command what it lacks, with everything as it was:", () => {
    for (const [privilege, ...args] of [
      ["Resource.HotMigrate", "drill", "maintenance-mode", "--host", "esx-03.lab.test"],
      ["Global.CancelTask", "drill", "maintenance-mode", "--host", "esx-03.lab.test"],
      ["VirtualMachine.GuestOperations.Execute", "drill", "guest-hang", "--vm", "ubuntu-1"],
    ] as const) {
      const [, task] = args;
      it(`${task} without ${privilege}`, async () => {
        await without(privilege, task);
        if (privilege === "Resource.HotMigrate") await emptyHost("esx-03.lab.test");
        const { code, output } = await verifier(...args, "--report", deployed.report(task));
        assert.equal(code, 2, output);
        const call = rowsOf(task).find((one) => one.privilege === privilege)?.call ?? "";
        assert.match(output, lacked({ privilege, call }));
        assert.doesNotMatch(output, /\n\s+at /);
        await assertInOrder();
      });
    }
  });

  async function asAdministrator<T>(work: (vcenter: VCenter) => Promise<T>): Promise<T> {
    const vcenter = await connect(loadConfig([deployed.config], deployed.lab.env), deployed.lab.env);
    try {
      return await work(vcenter);
    } finally {
      await vcenter.close();
    }
  }

  /** Whether every host is in service, and every VM on; no lock is left. */
  const assertInOrder = (): Promise<void> =>
    asAdministrator(async (vcenter) => {
      const { hosts, vms } = await vcenter.inventory();
      assert.ok(hosts.every(({ inMaintenanceMode }) => !inMaintenanceMode));
      assert.ok(vms.every(({ powerState, system }) => system || powerState === "poweredOn"));
      const lock = await vcenter.acquireLock("the test", 60);
      await lock.release();
    });

  /** A drill moves VMs to its host only when they are elsewhere. */
  const emptyHost = (name: string): Promise<void> =>
    asAdministrator(async (vcenter) => {
      const { hosts, vms } = await vcenter.inventory();
      const [from, to] = [hosts.find((host) => host.name === name), hosts.find((host) => host.name !== name)];
      assert.ok(from && to);
      for (const { id } of vms.filter(({ hostId, system }) => hostId === from.id && !system)) {
        await vcenter.moveVm(id, to.id);
      }
    });
});

type Attempt = (vcenter: VCenter, env: Record<string, string>) => Promise<unknown>;

const lock: Attempt = async (vcenter) => (await vcenter.acquireLock("the test", 60)).release();
const guest = async (vcenter: VCenter, env: Record<string, string>) => {
  const vm = (await vcenter.inventory()).vms.find(({ name }) => name === "ubuntu-1") ?? assert.fail();
  return { vm, account: { user: "root", password: env.VSPHERE_HA_GUEST_PASSWORD ?? "" } };
};

/** What drills and load do in vCenter, by the call. */
const attempts: Record<string, Attempt> = {
  CreateFolder: lock,
  Destroy_Task: lock,
  MigrateVM_Task: async (vcenter) => {
    const { hosts, vms } = await vcenter.inventory();
    const vm = vms.find(({ system }) => !system) ?? assert.fail();
    await vcenter.moveVm(vm.id, hosts.find(({ id }) => id !== vm.hostId)?.id ?? "");
  },
  EnterMaintenanceMode_Task: (vcenter) => vcenter.enterMaintenance("esx-03.lab.test"),
  CancelTask: (vcenter) => maintenanceModeFault("esx-03.lab.test", vcenter).check(),
  ListProcessesInGuest: async (vcenter, env) => {
    const { vm, account } = await guest(vcenter, env);
    await vcenter.guests.processes(vm, account);
  },
  StartProgramInGuest: async (vcenter, env) => {
    const { vm, account } = await guest(vcenter, env);
    await vcenter.guests.start(vm, account, { path: "/usr/bin/stress-ng", arguments: "--cpu 1 --timeout 1" });
  },
  ResetVM_Task: async (vcenter, env) => vcenter.resetVm((await guest(vcenter, env)).vm.id),
};

/** A VM from nothing, as UbuntuVm makes it without template. */
function blankStack(envVars: Record<string, string>): Promise<Stack> {
  const program = async (): Promise<void> => {
    const datacenter = await vsphere.getDatacenter({ name: "Lab" });
    const datacenterId = datacenter.id;
    const cluster = await vsphere.getComputeCluster({ name: "ha", datacenterId });
    const datastore = await vsphere.getDatastore({ name: "ha-a", datacenterId });
    const network = await vsphere.getNetwork({ name: "vm-ha", datacenterId });
    new vsphere.VirtualMachine("blank", {
      resourcePoolId: cluster.resourcePoolId,
      datastoreId: datastore.id,
      guestId: "ubuntu64Guest",
      memory: 1024,
      disks: [{ label: "disk0", size: 1, thinProvisioned: true }],
      networkInterfaces: [{ networkId: network.id }],
      extraConfig: { "isolation.tools.copy.disable": "TRUE" },
      waitForGuestNetTimeout: 0,
    });
  };
  return LocalWorkspace.createStack({ projectName: "blank", stackName: "dev", program }, { envVars });
}
