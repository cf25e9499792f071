/**
 * What the lab's OpenStack needs of the system. Found by looking, installed by setup when it may.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { SetupError } from "../toolchain/errors.mjs";
import {
  aptCandidate,
  canInstall,
  packagesFor,
  printedBy,
  problemsMessage,
  which,
} from "../toolchain/prerequisites.mjs";
import { run } from "../toolchain/processes.mjs";

/** The Python that the lock file was made for. */
export const PYTHON = "3.11";

// Programs of the administrator are not on every user's PATH.
const SYSTEM_PATHS = ":/usr/local/sbin:/usr/sbin:/sbin";
const POLICY = "/usr/sbin/policy-rc.d";

/** @typedef {{ python?: string, sshd?: string, sshKeygen?: string, sftpServer: boolean, sudo?: string, qemuImg?: string }} Found */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Found}
 */
export function look(env) {
  const path = (env.PATH ?? "") + SYSTEM_PATHS;
  // A version manager's python is a script that may refuse: what counts is whether it runs.
  const python = [`python${PYTHON}`, "python3", `/usr/bin/python${PYTHON}`].map(
    (name) => which(name, path) ?? (existsSync(name) ? name : undefined),
  );
  return {
    python: python.find((program) => program !== undefined && isSuitable(program)),
    sshd: which("sshd", path),
    sshKeygen: which("ssh-keygen", path),
    sftpServer: existsSync("/usr/lib/openssh/sftp-server"),
    sudo: which("sudo", path),
    qemuImg: which("qemu-img", path),
  };
}

/** @param {string} program */
function isSuitable(program) {
  const question = "import ensurepip, sqlite3, ssl, sys, venv; print('%d.%d' % sys.version_info[:2])";
  return printedBy(program, ["-c", question]) === PYTHON;
}

/**
 * @param {Found} found
 * @param {{ tests?: boolean }} options whether the lab's tests are to run: they convert images, and log in to the node as
 *   a user who is not root. Default: they are not
 * @returns {import("../toolchain/prerequisites.mjs").Problem[]}
 */
export function problemsOf({ python, sshd, sshKeygen, sftpServer, sudo, qemuImg }, { tests = false } = {}) {
  /** @type {import("../toolchain/prerequisites.mjs").Problem[]} */
  const problems = [];
  if (python === undefined) {
    problems.push({
      what: `Python ${PYTHON} with venv is missing`,
      remedy: "install it from https://www.python.org/",
      packages: [{ name: `python${PYTHON}-venv` }],
    });
  }
  if (sshd === undefined || !sftpServer) {
    problems.push({
      what: "the OpenSSH server is missing",
      remedy: "install OpenSSH's sshd and sftp-server",
      packages: [{ name: "openssh-server" }],
    });
  }
  if (sshKeygen === undefined) {
    problems.push({
      what: "ssh-keygen is missing",
      remedy: "install OpenSSH's client programs",
      packages: [{ name: "openssh-client" }],
    });
  }
  if (tests && sudo === undefined) {
    problems.push({ what: "sudo is missing", remedy: "install sudo", packages: [{ name: "sudo" }] });
  }
  if (tests && qemuImg === undefined) {
    problems.push({ what: "qemu-img is missing", remedy: "install QEMU's tools", packages: [{ name: "qemu-utils" }] });
  }
  return problems;
}

/**
 * Makes sure that everything is there.
 *
 * @param {{ env: NodeJS.ProcessEnv, log: string, tests: boolean, progress: import("../toolchain/progress.mjs").Progress }} options
 * @returns {Promise<Required<Pick<Found, "python">>>}
 * @throws {SetupError} naming what is missing with the command that installs it
 */
export async function meet({ env, log, tests, progress }) {
  let found = look(env);
  const problems = problemsOf(found, { tests });
  if (problems.length > 0) {
    const { packages, left } = packagesFor(problems, aptCandidate);
    if (left.length > 0 || !canInstall()) {
      const without = "or do without the lab's OpenStack: npm start -- --without-openstack";
      throw new SetupError(`${problemsMessage(problems, packages)}\n${without}`);
    }
    const title = `Debian packages ${packages.join(", ")}`;
    progress.begin(title, "installing");
    await withoutServices(() =>
      run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], {
        env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
        log,
        what: title,
      }),
    );
    progress.end(title, "installed");
    found = look(env);
    const still = problemsOf(found, { tests });
    if (still.length > 0) throw new SetupError(problemsMessage(still, []));
  }
  return { python: /** @type {string} */ (found.python) };
}

/**
 * Debian starts a service when its package is installed, unless this policy refuses (invoke-rc.d(8)). The lab starts its
 * own and wants none of the system's.
 * @template T
 * @param {() => Promise<T>} install
 */
async function withoutServices(install) {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
