import assert from "node:assert/strict";
import { join } from "node:path";
import { DrillLab, type Run, type Watch } from "./drillLab";

const response = (word: string): string =>
  `<dasConfig><defaultVmSettings><isolationResponse>${word}</isolationResponse></defaultVmSettings></dasConfig>`;

describe("host-isolation drills on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("isolation");
  });

  after(() => lab.stop());

  const drill = (report: string, host: string, watch?: Watch): Promise<Run> =>
    lab.drill(report, ["host-isolation", "--host", host], watch);

  /** A host in this role now. */
  async function hostIn(role: "master" | "secondary"): Promise<string> {
    const { output } = await lab.verifier(["drill", "host-isolation", "--plan"]);
    const [, host] = new RegExp(`^isolation of (\\S+) \\(HA ${role}\\)$`, "m").exec(output) ?? [];
    assert.ok(host !== undefined, output);
    return host;
  }

  async function inOrder(): Promise<void> {
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
  }

  it("pass where a secondary powers its VMs off and they restart elsewhere", async () => {
    await lab.reconfigure(response("powerOff"));
    const { code, output } = await drill("powerOff", await hostIn("secondary"));
    assert.equal(code, 0, output);
    const { vms, fdmRole, expectations } = lab.result("powerOff");
    assert.equal(fdmRole, "secondary");
    const affected = vms.filter((vm) => vm.affected);
    assert.deepEqual(affected.map(({ guestOs }) => guestOs).sort(), ["ubuntu", "windowsxp"]);
    assert.ok(affected.every(({ hostBefore, hostAfter }) => hostAfter !== undefined && hostAfter !== hostBefore));
    assert.match(
      expectations.find(({ id }) => id === "host-isolated")?.seen ?? "",
      /^reported isolated .* expected 35\.0 s$/,
    );
    await inOrder();
  });

  it("pass where no VM of an isolated master notices", async () => {
    await lab.reconfigure(response("none"));
    const { code, output } = await drill("none", await hostIn("master"));
    assert.equal(code, 0, output);
    const { vms, fdmRole } = lab.result("none");
    assert.equal(fdmRole, "master");
    assert.ok(
      vms.length === 4 && vms.every(({ affected, downtimeSeconds }) => !affected && downtimeSeconds.lower === 0),
    );
  });

  it("fail, with the numbers, for a VM that is kept from restarting", async () => {
    await lab.reconfigure(response("powerOff"));
    const host = await hostIn("secondary");
    let lifted: Promise<void> | undefined;
    const end = await lab.fault({ kind: "restartFails", vm: "xp-1" });
    const other = await lab.fault({ kind: "restartFails", vm: "xp-2" });
    const { code, output } = await drill("prevented", host, (soFar) => {
      // HA tries again later: so the steady state comes back by itself.
      if (soFar.includes("waiting until")) lifted ??= Promise.all([end(), other()]).then(() => undefined);
    });
    await lifted;
    assert.equal(code, 1, output);
    const missed = lab.missed("prevented").map((id) => id.replace(/xp-\d/, "xp"));
    for (const id of ["vm-answers:xp", "vm-elsewhere:xp", "vm-restarted:xp"]) {
      assert.ok(missed.includes(`failed ${id}`), missed.join());
    }
    assert.match(
      output,
      /answers again within \d+ s; seen: answered again [\d.]+ to [\d.]+ s after the fault; expected [\d.]+ s/,
    );
  });

  it("killed while the host is isolated, end by themselves; recover waits for that", async () => {
    const host = await hostIn("secondary");
    const { code } = await drill("killed", host, (soFar, child) => {
      if (soFar.includes("is cut off")) child.kill("SIGKILL");
    });
    assert.equal(code, null);
    assert.equal(lab.result("killed").undo.done, false);
    const recovered = await lab.verifier(["recover", "--journal", join(lab.dir, "killed", "journal.json")]);
    assert.equal(recovered.code, 0, recovered.output);
    assert.match(recovered.output, /is back in the management network/);
    assert.equal(lab.result("killed").undo.done, true);
    await inOrder();
  });

  it("are refused where the VMs' NFS goes over the management network: it would be cut with it", async () => {
    const host = "esx-01.lab.test";
    const removed = await lab.admin.removeAdapter(host, "vmk1");
    const plan = await lab.verifier(["drill", "host-isolation", "--host", host, "--plan"]);
    await lab.admin.addAdapter(host, "Storage Network", removed);
    const again = await lab.verifier(["drill", "host-isolation", "--host", host, "--plan"]);
    assert.equal(plan.code, 2, plan.output);
    const reason =
      /mounts NFS datastore ha-a from 192\.0\.2\.5 over vmk0, which this drill cuts: .* would lose their storage, too; /;
    assert.match(plan.output, new RegExp(`^ {4}esx-01\\.lab\\.test ${reason.source}`, "m"));
    assert.equal(again.code, 0, again.output);
  });

  it("are refused, with nothing broken, where the host's key is another or SSH is not configured", async () => {
    const host = lab.document.hosts[0]?.name ?? "";
    const ambient = { VSPHERE_HA_CONFIG: "" };
    const plan = await lab.verifier(["drill", "host-isolation", "--host", host, "--plan"], undefined, ambient);
    assert.equal(plan.code, 2, plan.output);
    assert.match(plan.output, /host esx-01\.lab\.test has no SSH in the configuration; .*set hosts\[\]\.ssh/);
    const address = new URL(`https://${lab.lab.env.VSPHERE_SERVER ?? ""}`).hostname.replace(/\d+\.\d+$/, "1.1");
    const ssh = { host: address, port: 2222, hostKey: `SHA256:${"A".repeat(43)}` };
    lab.configure({ ...lab.document, hosts: lab.document.hosts.map((one) => ({ ...one, ssh })) });
    const args = ["drill", "host-isolation", "--host", host, "--report", join(lab.dir, "stranger")];
    const stranger = await lab.verifier(args, undefined, ambient);
    lab.configure(lab.document);
    assert.equal(stranger.code, 2, stranger.output);
    assert.match(stranger.output, /shows another host key than the expected one, SHA256:\S+; nothing was sent/);
    assert.deepEqual(lab.journal("stranger").drills, []);
    await inOrder();
  });
});
