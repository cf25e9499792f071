import type { FaultRecord, StorageRecord } from "./fault";

/** How one fault is told to people, before, while and after it is there. */
export interface FaultWords {
  /** What it is done to: `esx-1`. */
  subject: string;
  /** Heading of its drill: `Loss of esx-1`. */
  title: string;
  /** The same in the middle of a line: `loss of esx-1`; and where nothing around says what is lost: `host loss of esx-1`. */
  inLine: string;
  named: string;
  /** For the plan: `cut the power of esx-1 through its BMC`. */
  breaks: string;
  /** What a person does by hand to undo it: `power on esx-1 through its BMC`. */
  undo: string;
  /** Before and after breaking it: `cutting the power of esx-1`, `esx-1 is off`. */
  breaking: string;
  broken: string;
  /** Before what is done just before it, and before what it hid is read; undefined where there is no such thing. */
  arming?: string;
  escalating?: string;
  revealing?: string;
  /** Before and after putting it back: `restoring the power of esx-1`, `esx-1 has power`. */
  restoring: string;
  restored: string;
  /** What is left while it is broken: `esx-1 without power`. */
  left: string;
  /** Told afterwards: `esx-1 lost its power`. */
  happened: string;
  /** A restart that proves nothing came only then: `when esx-1 had its power back`. */
  tooLate: string;
  /** A drill that is refused: `esx-1 must not be failed`. */
  refused: string;
  /** Of a VM that it hits: `fails with the host`; afterwards `failed with the host`. */
  hits: string;
  hit: string;
  /** In the drill's picture: its span, and the end of that: `host without power`, `power restored`. */
  span: string;
  spanEnd: string;
  /** What tells it apart beside the loss of a host, which the figures are of; undefined for that. */
  note: string | undefined;
}

/** How several faults of one kind are told. */
export interface KindWords {
  /** Of so many subjects: `2 hosts were failed`. */
  counted: (subjects: number) => string;
  /** Nothing came to it: `No host was failed`. */
  none: string;
  /** What was shown when all was as expected: `HA brought the guests back …`. */
  shown: string;
}

function counted(number: number, thing: string): string {
  return number === 1 ? `1 ${thing}` : `${number.toString()} ${thing}s`;
}

/** `1 host was`, `2 hosts were`. */
function were(number: number, thing: string): string {
  return `${counted(number, thing)} ${number === 1 ? "was" : "were"}`;
}

type Kind = FaultRecord["kind"];
type Of<K extends Kind> = Extract<FaultRecord, { kind: K }>;

/** The words of every fault: all that is told of one is told from here. */
const words: { [K in Kind]: { one: (fault: Of<K>) => FaultWords; several: KindWords } } = {
  "host-power": {
    one: ({ host }) => ({
      subject: host,
      title: `Loss of ${host}`,
      inLine: `loss of ${host}`,
      named: `host loss of ${host}`,
      breaks: `cut the power of ${host} through its BMC`,
      undo: `power on ${host} through its BMC`,
      breaking: `cutting the power of ${host}`,
      broken: `${host} is off`,
      restoring: `restoring the power of ${host}`,
      restored: `${host} has power`,
      left: `${host} without power`,
      happened: `${host} lost its power`,
      tooLate: `when ${host} had its power back`,
      refused: `${host} must not be failed`,
      hits: "fails with the host",
      hit: "failed with the host",
      span: "host without power",
      spanEnd: "power restored",
      note: undefined,
    }),
    several: {
      counted: (hosts) => `${were(hosts, "host")} failed`,
      none: "No host was failed",
      shown: "HA brought the guests back within the time that the settings promise",
    },
  },
  "host-isolation": {
    one: ({ host, adapters, undoSeconds }) => {
      const names = adapters.join(" and ");
      const seconds = undoSeconds.toString();
      return {
        subject: host,
        title: `Isolation of ${host}`,
        inLine: `isolation of ${host}`,
        named: `isolation of ${host}`,
        breaks: `have ${host} enable ${names} by itself after ${seconds} s, and disable ${names}, which no storage may go over, by SSH`,
        undo: `wait until ${host} enables ${names} by itself, ${seconds} s after the fault, or enable it at its console`,
        breaking: `isolating ${host}`,
        broken: `${host} is cut off from the management network`,
        restoring: `waiting until ${host} ends its isolation by itself`,
        restored: `${host} is back in the management network`,
        left: `${host} cut off from the management network`,
        happened: `${host} was isolated`,
        tooLate: `when ${host} was no longer isolated`,
        refused: `${host} must not be isolated`,
        hits: "is stopped by the isolated host",
        hit: "was stopped by the isolated host",
        span: "host isolated",
        spanEnd: "isolation over",
        note: "isolation",
      };
    },
    several: {
      counted: (hosts) => `${were(hosts, "host")} isolated`,
      none: "No host was isolated",
      shown: "HA did to the guests what the isolation response says, within the time that the settings promise",
    },
  },
  apd: storageWords({
    name: "all paths down",
    title: "All paths down",
    lost: (names) => `take all paths to ${names} from`,
    losing: (names) => `taking all paths to ${names} from`,
    span: "all paths down",
  }),
  pdl: storageWords({
    name: "device loss",
    title: "Device loss",
    lost: (names) => `inject the permanent loss of ${names} at`,
    losing: (names) => `injecting the permanent loss of ${names} at`,
    span: "device lost",
  }),
  "maintenance-mode": {
    one: ({ host }) => ({
      subject: host,
      title: `Maintenance mode of ${host}`,
      inLine: `maintenance mode of ${host}`,
      named: `maintenance mode of ${host}`,
      breaks: `put ${host} into maintenance mode`,
      undo: `take ${host} out of maintenance mode`,
      breaking: `putting ${host} into maintenance mode`,
      broken: `${host} is in maintenance mode`,
      restoring: `taking ${host} out of maintenance mode`,
      restored: `${host} is in service`,
      left: `${host} in maintenance mode`,
      happened: `${host} went into maintenance mode`,
      tooLate: `when ${host} was in service again`,
      refused: `${host} must not go into maintenance mode`,
      hits: "is moved away",
      hit: "was moved away",
      span: "host in maintenance mode",
      spanEnd: "in service again",
      note: "maintenance mode",
    }),
    several: {
      counted: (hosts) => `${were(hosts, "host")} put into maintenance mode`,
      none: "No host was put into maintenance mode",
      shown: "no guest noticed",
    },
  },
  "host-loss-vcenter-down": {
    one: ({ host }) => ({
      subject: host,
      title: `Loss of ${host} while vCenter was down`,
      inLine: `loss of ${host} while vCenter was down`,
      named: `host loss of ${host} while vCenter is down`,
      breaks: `stop vCenter's own service, cut the power of ${host} through its BMC`,
      undo: `start vCenter's service (on the appliance: service-control --start vmware-vpxd), power on ${host} through its BMC`,
      arming: "stopping vCenter's own service",
      breaking: `cutting the power of ${host} without vCenter`,
      broken: `${host} is off, and vCenter does not know`,
      revealing: "starting vCenter's service",
      restoring: `restoring the power of ${host}, and vCenter`,
      restored: `${host} has power, and vCenter runs`,
      left: `${host} without power and vCenter without its service`,
      happened: `${host} lost its power while vCenter's service was stopped`,
      tooLate: `when ${host} had its power back`,
      refused: `${host} must not be failed`,
      hits: "fails with the host",
      hit: "failed with the host",
      span: "host without power",
      spanEnd: "power restored",
      note: "vCenter down",
    }),
    several: {
      counted: (hosts) => `${were(hosts, "host")} failed while vCenter was down`,
      none: "No host was failed",
      shown: "HA, which needs no vCenter, brought the guests back within the time that the settings promise",
    },
  },
  "second-failure": {
    one: ({ host, second }) => ({
      subject: host,
      title: `Loss of ${host}, then of ${second}`,
      inLine: `loss of ${host}, then of ${second}`,
      named: `host loss of ${host}, and of ${second} during the failover`,
      breaks: `cut the power of ${host} through its BMC, and that of ${second} when HA has declared ${host} failed`,
      undo: `power on ${host} and ${second} through their BMCs`,
      breaking: `cutting the power of ${host}`,
      broken: `${host} is off`,
      escalating: `cutting the power of ${second} during the failover`,
      restoring: `restoring the power of ${host} and ${second}`,
      restored: `${host} and ${second} have power`,
      left: `${host} and ${second} without power`,
      happened: `${host}, and during its failover ${second}, lost their power`,
      tooLate: `when ${host} and ${second} had their power back`,
      refused: `${host} and ${second} must not be failed`,
      hits: "fails with its host",
      hit: "failed with its host",
      span: "hosts without power",
      spanEnd: "power restored",
      note: `then ${second}`,
    }),
    several: {
      counted: (times) => `${were(times, "host")} failed, each with a second one during its failover`,
      none: "No host was failed",
      shown: "HA brought the guests of both back within the time that the settings promise",
    },
  },
  "guest-hang": {
    one: ({ vm, host }) => ({
      subject: vm,
      title: `Hang of ${vm} on ${host}`,
      inLine: `hang of ${vm}`,
      named: `guest hang of ${vm}, on ${host}`,
      breaks: `have the guest of ${vm} hang`,
      undo: `reset ${vm}, unless it answers`,
      breaking: `having the guest of ${vm} hang`,
      broken: `the guest of ${vm} hangs`,
      restoring: `making sure that ${vm} is well`,
      restored: `${vm} is well`,
      left: `${vm} with a guest that hangs`,
      happened: `The guest of ${vm} hung`,
      tooLate: "when the drill was over",
      refused: `the guest of ${vm} must not be made to hang`,
      hits: "hangs",
      hit: "hung",
      span: "a guest hangs on this host",
      spanEnd: "guest well again",
      note: `guest hang of ${vm}`,
    }),
    several: {
      counted: (guests) => `${were(guests, "guest")} made to hang`,
      none: "No guest was made to hang",
      shown: "HA reset it within the time that the settings promise",
    },
  },
};

export function faultWords<K extends Kind>(fault: Of<K>): FaultWords {
  const kind: K = fault.kind;
  return words[kind].one(fault);
}

export function kindWords(kind: Kind): KindWords {
  return words[kind].several;
}

export function isFaultKind(name: string): name is Kind {
  return Object.hasOwn(words, name);
}

interface StorageTexts {
  name: string;
  /** The same at the beginning of a line. */
  title: string;
  lost: (datastores: string) => string;
  losing: (datastores: string) => string;
  span: string;
}

/** Of faults of a host's storage. */
function storageWords({ name, title, lost, losing, span }: StorageTexts): {
  one: (fault: StorageRecord) => FaultWords;
  several: KindWords;
} {
  return {
    one: ({ host, datastores, paths, rulesets }) => {
      const names = datastores.join(", ");
      const means = [...paths, ...rulesets.map((ruleset) => `firewall rule set ${ruleset}`)].join(", ");
      return {
        subject: host,
        title: `${title} of ${names} at ${host}`,
        inLine: `${name} of ${names} at ${host}`,
        named: `${name} of ${names} at ${host}`,
        breaks: `${lost(names)} ${host} over SSH`,
        undo: `bring ${names} back at ${host}${means === "" ? "" : ` (${means})`}`,
        breaking: `${losing(names)} ${host}`,
        broken: `${host} has lost ${names}`,
        restoring: `bringing ${names} back at ${host}`,
        restored: `${host} has ${names} again`,
        left: `${host} without ${names}`,
        happened: `${host} lost ${names}`,
        tooLate: `when ${host} had ${names} again`,
        refused: `${host} must not lose ${names === "" ? "its storage" : names}`,
        hits: "is terminated when its storage is lost",
        hit: "was terminated when its storage was lost",
        span,
        spanEnd: "storage back",
        note: name,
      };
    },
    several: {
      counted: (hosts) => `${counted(hosts, "host")} lost storage (${name})`,
      none: "No host lost storage",
      shown: "component protection did to the guests what its settings say, within the time that they promise",
    },
  };
}
