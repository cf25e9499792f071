import assert from "node:assert/strict";
import { labAddresses } from "../../../lab/addresses";
import { labPaths, vcenterSettings, verificationSettings } from "../../../lab/settings";

const addresses = labAddresses(77);
const paths = labPaths("/checkout/.lab/dev");

describe("the settings of a lab", () => {
  it("give the verification the BMC of every host of the vCenter", () => {
    const vcenter = vcenterSettings("dev", 10, addresses, paths) as { hosts: { name: string; bmc: string }[] };
    const verification = verificationSettings(10, addresses, paths) as {
      hosts: { name: string; bmc: { url: string; caFile: string } }[];
    };
    assert.deepEqual(
      verification.hosts.map(({ name, bmc }) => [name, bmc.url, bmc.caFile]),
      vcenter.hosts.map(({ name, bmc }) => [name, `https://${bmc}`, paths.caFile]),
    );
    assert.equal(vcenter.hosts.length, 4);
  });

  it("give the verification the SSH server of every host, and the file that the vCenter writes their keys to", () => {
    const vcenter = vcenterSettings("dev", 10, addresses, paths) as {
      hosts: { ssh: string }[];
      hostUser: string;
      dataDir: string;
    };
    const verification = verificationSettings(10, addresses, paths) as {
      hosts: { ssh: { host: string; port: number; user: string; knownHostsFile: string } }[];
    };
    assert.deepEqual(
      verification.hosts.map(({ ssh }) => [`${ssh.host}:${ssh.port.toString()}`, ssh.user, ssh.knownHostsFile]),
      vcenter.hosts.map(({ ssh }) => [ssh, vcenter.hostUser, `${vcenter.dataDir}/known_hosts`]),
    );
  });

  it("hold no password", () => {
    const all = [vcenterSettings("dev", 10, addresses, paths), verificationSettings(10, addresses, paths)];
    const variable = /"passwordVar":"[A-Z_]+"/g;
    assert.doesNotMatch(JSON.stringify(all).replace(variable, ""), /password/i);
  });

  it("keep the logs, the truth among them, in one folder that outlives the lab", () => {
    for (const file of [paths.vcenterLog, paths.truthLog]) assert.ok(file.startsWith(`${paths.logs}/`));
    for (const path of [paths.state, paths.pulumiHome, paths.caFile]) assert.ok(!path.startsWith(paths.logs));
  });
});
