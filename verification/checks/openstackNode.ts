import { outcome } from "./check";
import { openstackCheck, whenRead } from "./openstackCheck";

export const powerStateSync = openstackCheck({
  id: "openstack-power-state-sync",
  title: "nova's power-state sync keeps out of HA's way",
  severity: "warning",
  settles: false,
  expected: "sync_power_state_interval is negative: nova does not stop instances by itself",
  why: "an instance that the sync sees powered off while HA restarts it is stopped by nova, and stays down",
  source: "nova, conf/compute.py: sync_power_state_interval (default 600 s); compute/manager.py, _sync_power_states",
  remedy: "set sync_power_state_interval = -1 in the [DEFAULT] section of nova-compute's configuration",
  judge: ({ openstack, cloud: { computeHost } }) => {
    return whenRead(openstack.settings, computeHost, ({ syncPowerStateInterval: interval }) => {
      if (interval < 0) return outcome("off", []);
      const read = interval === 0 ? "at the default interval" : `every ${interval.toString()} s`;
      return outcome(read, [{ subject: computeHost, read, expected: "off" }]);
    });
  },
});

export const vcenterVerified = openstackCheck({
  id: "openstack-vcenter-verified",
  title: "nova-compute verifies vCenter's certificate",
  severity: "warning",
  settles: false,
  expected: "ca_file is set, or insecure is not",
  why: "whoever can answer in vCenter's place is given the password of a user that may do everything on the cluster",
  source: "nova, conf/vmware.py: insecure, ca_file",
  remedy: "set ca_file in the [vmware] section to the CA of vCenter's certificate, and remove insecure",
  judge: ({ openstack, cloud: { computeHost } }) => {
    return whenRead(openstack.settings, computeHost, ({ insecure }) => {
      if (!insecure) return outcome("verified", []);
      return outcome("not verified", [{ subject: computeHost, read: "insecure = true", expected: "verified" }]);
    });
  },
});
