import { serviceOf } from "../probes/target";
import { everyVm } from "./vms";
import { runningVms, type Check } from "./check";

export const vmsReachable: Check = {
  id: "vms-reachable",
  title: "declared VMs answer",
  severity: "error",
  settles: true,
  expected: "the probed TCP port of every running declared VM accepts a connection",
  why: "availability is what the VM's users see, and they see its service",
  source: "the declared configuration: vms[].probe.port",
  remedy: "see whether the guest has booted, has an address, and lets the verifier's network in",
  judge: (input) => {
    return everyVm(runningVms(input), "no declared VM runs", ({ name }) => {
      const answered = input.answered.get(name);
      if (answered === true) return undefined;
      const declared = input.config.vms.find((vm) => vm.name === name);
      const state = input.inventory.vms.find((vm) => vm.name === name);
      const target = declared && serviceOf(declared, state);
      const finding = {
        subject: name,
        expected: `port ${(declared?.probe.port ?? 0).toString()} accepts a connection`,
      };
      if (answered === undefined || target === undefined) {
        const read = "no address: none declared, and VMware Tools report none";
        return { ...finding, read, unread: true };
      }
      return { ...finding, read: `no answer from ${target.address} port ${target.port.toString()}` };
    });
  },
};

export const toolsRunning: Check = {
  id: "vms-tools-running",
  title: "VMware Tools run in declared VMs",
  severity: "error",
  settles: true,
  expected: "VMware Tools run in every running declared VM",
  why: "VM monitoring and guest shutdown on isolation work through VMware Tools",
  source: "vSphere Availability, VM and Application Monitoring",
  remedy: "install or start VMware Tools in the guest; Windows XP takes 10.0.12",
  judge: (input) => {
    return everyVm(runningVms(input), "no declared VM runs", ({ name, state }) => {
      return state.toolsRunning ? undefined : { subject: name, read: "not running", expected: "running" };
    });
  },
};

export const guestHeartbeat: Check = {
  id: "vms-guest-heartbeat",
  title: "guests of declared VMs send heartbeats",
  severity: "error",
  settles: true,
  expected: "the guest heartbeat of every declared VM with running VMware Tools is green",
  why: "VM monitoring resets a VM whose guest has stopped sending heartbeats",
  source: "vSphere API reference, VirtualMachineQuickStats.guestHeartbeatStatus",
  remedy: "look into the guest: it hangs, is overloaded, or has just started",
  judge: (input) => {
    const vms = runningVms(input).filter(({ state }) => state.toolsRunning);
    return everyVm(vms, "VMware Tools run in no declared VM", ({ name, state: { guestHeartbeat: status } }) => {
      if (status === "green") return undefined;
      const finding = { subject: name, read: status ?? "vCenter does not tell", expected: "green" };
      return status === undefined ? { ...finding, unread: true } : finding;
    });
  },
};
