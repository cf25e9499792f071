import assert from "node:assert/strict";
import { listenAddresses, openstackAddresses } from "../../../lab/openstack/addresses";
import {
  clientEnvironment,
  computeUnit,
  launcherSettings,
  openstackPaths,
  sshdSettings,
} from "../../../lab/openstack/settings";

const paths = openstackPaths("/checkout/.lab/dev");
const addresses = openstackAddresses(77);
const passwords = { admin: "admin-secret", service: "service-secret", broker: "broker-secret" };

describe("settings of the lab's OpenStack", () => {
  it("keeps all addresses below the lab's octet, on ports that need no privilege", () => {
    for (const address of listenAddresses(addresses)) {
      const [host = "", port] = address.split(":");
      assert.match(host, /^127\.77\.4\.\d+$/);
      assert.ok(Number(port) >= 1024, address);
    }
    assert.equal(new Set(listenAddresses(addresses)).size, listenAddresses(addresses).length);
  });

  it("separates labs by their octet", () => {
    const other = listenAddresses(openstackAddresses(78));
    assert.deepEqual(
      listenAddresses(addresses).filter((address) => other.includes(address)),
      [],
    );
  });

  it("keeps everything but the logs below two folders that stop removes", () => {
    const { logs, tls, ...files } = paths;
    for (const file of [...Object.values(files), ...Object.values(tls)]) {
      assert.ok(file.startsWith(paths.dir) || file.startsWith(paths.node), file);
    }
    assert.ok(!logs.startsWith(paths.dir) && !logs.startsWith(paths.node), logs);
  });

  it("tells the launcher everything that it reads", () => {
    assert.deepEqual(launcherSettings(paths, addresses, passwords, "/cache/seed"), {
      dir: "/checkout/.lab/dev/openstack",
      node: "/checkout/.lab/dev/compute",
      logs: "/checkout/.lab/dev/logs/openstack",
      seed: "/cache/seed",
      address: "127.77.4.1",
      region: "RegionOne",
      tls: paths.tls,
      passwords,
    });
  });

  it("lets sshd take keys of one user only, on loopback", () => {
    const lines = sshdSettings(paths, addresses, { name: "ci", root: false }).split("\n");
    for (const line of [
      "ListenAddress 127.77.4.20:2222",
      "AllowUsers ci",
      "AuthenticationMethods publickey",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "DisableForwarding yes",
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(!lines.some((line) => line.startsWith("PermitRootLogin")));
  });

  it("lets root in by key when the lab runs as root", () => {
    const text = sshdSettings(paths, addresses, { name: "root", root: true });
    assert.match(text, /^PermitRootLogin prohibit-password$/m);
  });

  it("gives the compute node a unit for one service a cluster", () => {
    const unit = computeUnit(paths, "/cache/venv/bin/python", "/checkout/lab/openstack/python");
    assert.match(unit, /^ExecStart=\/cache\/venv\/bin\/python -m vsphere_ha_lab\.compute /m);
    assert.match(unit, /--config-file \/checkout\/\.lab\/dev\/compute\/etc\/nova\/nova\.conf /);
    assert.match(unit, /--config-file \/checkout\/\.lab\/dev\/compute\/etc\/nova\/nova-compute-%i\.conf$/m);
    assert.match(unit, /^Restart=on-failure$/m);
  });

  it("gives clients verified TLS, an enforced host key and no password but keystone's", () => {
    const environment = clientEnvironment(paths, addresses, {
      password: passwords.admin,
      projectId: "abc",
      hostKey: "ssh-ed25519 AAAA",
      user: "ci",
    });
    assert.equal(environment.OS_AUTH_URL, "https://127.77.4.1:5000/v3");
    assert.equal(environment.OS_CACERT, paths.tls.ca);
    assert.equal(environment.OS_PASSWORD, "admin-secret");
    assert.equal(environment.OS_PROJECT_ID, "abc");
    assert.equal(environment.OS_DOMAIN_NAME, "Default");
    assert.equal(environment.VSPHERE_HA_COMPUTE_HOST_KEY, "ssh-ed25519 AAAA");
    assert.ok(!JSON.stringify(environment).includes("service-secret"));
    assert.ok(!JSON.stringify(environment).includes("broker-secret"));
  });
});
