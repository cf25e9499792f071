/** `npm run soak:availability`: 200 outages of guests, measured and compared with the truth. */
import { largestError } from "../test/truth";
import { DeployedLab } from "../test/integration/deployedLab";
import { measureOutages } from "../test/integration/outages";

const outages = 200;
const intervalMs = 500;

async function main(): Promise<boolean> {
  const deployed = await DeployedLab.start("soak-availability", 10);
  try {
    const { edges, errors, blurred } = await measureOutages(deployed, outages, intervalMs);
    const wide = edges.filter(({ lower, upper }) => upper - lower > intervalMs);
    const widths = edges.map(({ lower, upper }) => upper - lower).sort((a, b) => a - b);
    console.log(`${(edges.length / 2).toString()} outages, probe interval ${intervalMs.toString()} ms (wall)`);
    console.log(`true edges outside their bounds: ${errors.length.toString()}`);
    console.log(
      `bounds: median ${(widths[widths.length >> 1] ?? 0).toFixed(1)} ms, largest ${(widths.at(-1) ?? 0).toFixed(1)} ms`,
    );
    console.log(`wider than an interval: ${wide.length.toString()}; edges with lost probes: ${blurred.toString()}`);
    console.log(`largest distance of a bound from the truth: ${largestError(edges).toFixed(1)} ms`);
    for (const error of errors) console.error(error);
    return errors.length === 0 && edges.length === 2 * outages && wide.length <= blurred;
  } finally {
    await deployed.stop();
  }
}

void main().then((passed) => {
  process.exitCode = passed ? 0 : 1;
});
