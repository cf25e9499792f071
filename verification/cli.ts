/** Entry point of the `vsphere-ha` command. */
// First, so that an interrupt finds its handler also while the rest is being loaded.
import { hurried, interrupted } from "./cli/interrupt";
import { main } from "./cli/main";

// A reader that has seen enough, as in `vsphere-ha check … | head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const { argv, env, stdout, stderr } = process;
void main(argv.slice(2), { env, stdout, stderr, signal: interrupted, hurried }).then((code) => {
  process.exitCode = code;
  // A call that hangs must not hold up an interrupt.
  if (interrupted.aborted) process.exit();
});
