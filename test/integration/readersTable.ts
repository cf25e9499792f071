/** How the commands of the pages are run in the lab: what stands for a reader's own values, and what is not simply run. */

/** The reader's own value in place of the page's. */
export interface Substitution {
  page: RegExp;
  /** `$LAB_NAME` is the lab's value of an environment variable, `$READER_HOME` a folder that goes afterwards. */
  own: string;
  why: string;
}

export const substitutions: Substitution[] = [
  { page: /file:\/\/\$HOME\/pulumi-state/g, own: '"$LAB_PULUMI_BACKEND_URL"', why: "where the lab keeps its state" },
  { page: /(\w+)=…/g, own: '$1="$LAB_$1"', why: "passwords, users and files of the reader: the lab's" },
  { page: /vcenter\.example\.com/g, own: "$LAB_VSPHERE_SERVER", why: "the reader's vCenter is the lab" },
  { page: /(esx-0\d)\.example\.com/g, own: "$1.lab.test", why: "its hosts" },
  { page: /(^|[ =])(~|\$HOME)\//g, own: "$1$READER_HOME/", why: "the reader's home" },
  {
    page: /npm run lab -- start(?= *(#|$))/g,
    own: "npm run lab -- start --without-openstack",
    why: "one small lab serves all pages; with OpenStack mainJob.test.ts runs it",
  },
  {
    page: /pulumi stack init (openstack|dev)/g,
    own: "pulumi stack select prod",
    why: "all pages share the stack that docs/getting-started.md deploys",
  },
  {
    page: /(plugin install resource) (vsphere|openstack) [\d.]+/g,
    own: "$1 $2 $VERSION_$2",
    why: "the versions that are installed here, so that nothing is downloaded",
  },
  {
    page: /^pulumi config set --secret (\w+)$/g,
    own: 'pulumi config set --secret $1 <<< "$LAB_VSPHERE_HA_HOST_PASSWORD"',
    why: "the answer to its question",
  },
];

/** The command as the reader of this lab types it. */
export function asTyped(command: string): string {
  return substitutions.reduce((text, { page, own }) => text.replace(page, own), command);
}

/** A command that is not simply run to its end with exit code 0. The first that matches counts. */
export type Exception = { page: RegExp; why: string } & (
  | {
      /** Run by that test, which must hold these words. */
      by: string;
      words: string;
    }
  /** Run with this behind it. */
  | { with: string }
  /** Run only when everything else has been: it takes away what the pages share. */
  | { last: true }
  /** Goes on for ever: interrupted when its output matches. */
  | { until: RegExp }
  /** Refused, and says so. */
  | { refused: RegExp }
  /** Cannot be run here; its shape is checked by this in its place. */
  | { shape: string }
);

export const exceptions: Exception[] = [
  {
    page: /^npm start\b/,
    by: "mainJob.test.ts",
    words: '["start", "--", "--keep"',
    why: "the main job: minutes, and a lab of its own",
  },
  { page: /^npm test\b/, by: "../run.ts", words: "`npm test`", why: "it is what runs this test" },
  {
    page: /^npm (pack$|install (\.|\.\.\/vsphere-ha)\/vsphere-ha)/,
    by: "packedProject.ts",
    words: '"pack", "--json"',
    why: "it packs the package, installs it into an empty project, and imports it",
  },
  {
    page: /^(pulumi (import|preview --expect-no-changes)|npx vsphere-ha check --config verification\.json)/,
    by: "examples.test.ts",
    words: "by the commands that it tells",
    why: "the commands that init tells: they need the installed package, and a cluster that no stack has",
  },
  { page: /^npm run lab -- stop$/, last: true, why: "the pages share the lab" },
  { page: /^pulumi destroy$/, last: true, why: "the pages share the stack" },
  {
    page: /^npx vsphere-ha load (?!.*--plan)/,
    with: "--levels 0,50,100 --seconds 60",
    why: "its default of 13 runs of 120 s takes minutes, and shows no more of the command",
  },
  {
    page: /policies\/presets\/mandatory\.json$/,
    refused: /\[mandatory\]/,
    why: "the reference stack needs the exemptions of its own preset",
  },
  { page: /^npx vsphere-ha monitor\b/, until: /metrics/, why: "it ends with Ctrl-C" },
  { page: /^curl .*get\.pulumi\.com/, shape: "true", why: "an installer from the internet" },
  {
    page: /^npm install --global @pulumi\/vsphere@/,
    shape: "npm install --help | grep -q -- --global",
    why: "packages from the internet",
  },
];

export function exceptionOf(command: string): Exception | undefined {
  return exceptions.find(({ page }) => page.test(command));
}

/** Pages whose commands another test runs, because they need a lab of their own. */
export const pagesRunElsewhere: Record<string, string> = {
  "docs/gitops.md": "gitops.test.ts",
  "examples/one-cluster/README.md": "examples.test.ts",
  "examples/team-vms/README.md": "examples.test.ts",
  "examples/adopt-cluster/README.md": "examples.test.ts",
  "examples/two-zones/README.md": "examples.itest.ts",
};
