import assert from "node:assert/strict";
import type { CloudObservation, CloudView, Journal } from "../../../../verification/model";
import { cloudView } from "../../../../verification/openstack/view";
import { page } from "../../../../verification/report/page";
import { summaryMarkdown } from "../../../../verification/report/summary";
import { drill, hostile, journal } from "../report/fixture";
import { cloudScene } from "./fixture";

const view: CloudView = {
  cloud: "keystone:5000, region R",
  capacity: { vcenter: "24 vCPUs, 49152 MB", nova: "24 vCPUs, 49152 MB", placement: undefined },
  instances: [{ name: "ubuntu-1", id: "i", nova: "ACTIVE", vcenter: "poweredOn", host: "esx-01" }],
};
const observation: CloudObservation = {
  cloud: "keystone:5000, region R",
  samples: 60,
  failed: 1,
  instances: [{ vm: "ubuntu-1", id: "i", statuses: ["ACTIVE", "SHUTOFF"] }],
  capacity: [
    { t: -10, text: "24 vCPUs, 49152 MB" },
    { t: 15.25, text: "16 vCPUs, 32768 MB" },
  ],
};

function both(): Journal {
  return journal({ openstack: view, drills: [drill({ drill: "nova-compute-down", openstack: observation })] });
}

describe("a report on a cluster with OpenStack", () => {
  it("shows nova's view beside vCenter's, on the page and in the summary", () => {
    for (const text of [page(both()), summaryMarkdown(both())]) {
      for (const shown of [
        "ACTIVE → SHUTOFF",
        "esx-01, esx-02",
        "24 vCPUs, 49152 MB → 16 vCPUs, 32768 MB after 15.3 s",
        "60 looks at nova and placement, 1 failed",
        "poweredOn",
        "placement not told",
        "Loss of esx-01, nova-compute down",
      ]) {
        assert.ok(text.includes(shown), `${shown} in ${text.slice(0, 20)}`);
      }
    }
  });

  it("says nothing of OpenStack where there is none", () => {
    for (const text of [page(journal()), summaryMarkdown(journal())]) assert.doesNotMatch(text, /OpenStack|nova/);
  });

  it("escapes what services say", () => {
    const bad = journal({
      openstack: {
        ...view,
        cloud: hostile,
        instances: [{ name: hostile, id: "i", nova: hostile, vcenter: hostile, host: hostile }],
      },
      drills: [
        drill({
          openstack: { ...observation, cloud: hostile, instances: [{ vm: hostile, id: "i", statuses: [hostile] }] },
        }),
      ],
    });
    assert.doesNotMatch(page(bad), /<script>/);
    assert.doesNotMatch(summaryMarkdown(bad), /<script>/);
  });

  it("takes the view from one reading of both", () => {
    const { openstack, inventory } = cloudScene();
    const seen = cloudView(openstack, inventory, "compute-1");
    assert.deepEqual(seen.capacity, {
      vcenter: "48 vCPUs, 98304 MB",
      nova: "48 vCPUs, 98304 MB",
      placement: "48 vCPUs, 98304 MB",
    });
    assert.deepEqual(
      seen.instances.map(({ name, nova, vcenter, host }) => [name, nova, vcenter, host]),
      [
        ["ubuntu-os", "ACTIVE", "poweredOn", "esx-1"],
        ["other", "SHUTOFF", "poweredOff", "esx-1"],
      ],
    );
  });
});
